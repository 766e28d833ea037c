import type { Model, Schemas, State, Task } from '@/api/client'
import { Problem } from '@/api/problem'
import { DEMO } from '@/session/session'
import { MEANT, type Mass } from '@/tasks/deeds'
import { picture } from './models'
import { ofPrograms } from './programs'
import { route, type Route } from './route'
import type { DemoYard } from './yard'

const MOVES: Record<string, State> = { pause: 'paused', resume: 'queued', cancel: 'cancelled', retry: 'queued' }
const HUBS: Schemas['HubView'][] = [
  { name: 'huggingface', title: 'Hugging Face', prefixes: ['hf'], key: false, settings_page: 'https://huggingface.co/settings/tokens' },
  { name: 'civitai', title: 'CivitAI', prefixes: ['civitai'], key: false, settings_page: 'https://civitai.com/user/account' },
  { name: 'modelscope', title: 'ModelScope', prefixes: ['ms'], key: false, settings_page: 'https://modelscope.cn/my/myaccesstoken' },
]
const FACETS = ['kind', 'family', 'base', 'health', 'folder', 'format'] as const
const EMPTY = ['hooks', 'lan-hubs', 'schedule', 'searches', 'newer', 'maintenance', 'settings']

/** The routes of a demo; what is not here says so. */
export function answers(yard: DemoYard): Route[] {
  return [...ofTasks(yard), ...ofModels(yard), ...ofHubs(yard), ...ofPrograms(yard), ...ofRest()]
}

function ofTasks(yard: DemoYard): Route[] {
  const counts = (tasks: Task[]) => Object.groupBy(tasks, (task) => task.state)
  const fitting = (query: URLSearchParams) => {
    const [states, kind, text] = [query.getAll('state'), query.get('kind') ?? '', (query.get('text') ?? '').toLowerCase()]
    return yard.tasks.filter((task) => (!states.length || states.includes(task.state)) && (kind.startsWith('-') ? task.kind !== kind.slice(1) : ['', task.kind].includes(kind)) && task.address.toLowerCase().includes(text))
  }
  const add = (addresses: string[]) => addresses.map((address) => yard.add(address).id)
  return [
    route('GET', '/tasks', ({ query }) => {
      const told = Object.entries(counts(fitting(new URLSearchParams({ kind: query.get('kind') ?? '' })))).map(([state, tasks]) => [state, tasks!.length])
      return { tasks: fitting(query), next: null, counts: Object.fromEntries(told) } satisfies Schemas['TaskPage']
    }),
    route('GET', '/history', ({ query }) => ({ tasks: fitting(query).filter((task) => task.ended).toReversed(), next: null })),
    route('GET', '/tasks/{id}/steps', ({ parts }) => {
      const task = yard.task(Number(parts[0]))
      return task ? [{ before: null, after: 'queued', at: task.created, reason: '' }, { before: 'queued', after: task.state, at: task.started ?? task.created, reason: task.reason }] : []
    }),
    route('POST', '/tasks', ({ body }) => ({ ids: add(((body.items ?? []) as { address: string }[]).map((item) => item.address)), refused: [] })),
    route('POST', '/tasks/batch', ({ body }) => {
      const lines = String(body.text).split('\n').filter((line) => line.trim())
      const entries = lines.map((text, at) => ({ address: text, became: '', error: null, first: null, id: null, line: at + 1, text }))
      return { entries, ids: body.try_only ? [] : add(lines) } satisfies Schemas['BatchAnswer']
    }),
    route('POST', '/tasks/actions', ({ body }) =>
      ((body.ids as number[] | undefined) ?? yard.tasks.filter((task) => MEANT[body.do as Mass].includes(task.state)).map((task) => task.id)).map((id) => {
        const task = yard.task(id)
        if (task) yard.to(task, MOVES[String(body.do)]!)
        return { id, task: task ?? null }
      }),
    ),
    route('POST', '/tasks/(?:order|clear)', () => ({ count: 0 })),
    route('POST', '/(library/\\w+|models/(?:refresh|move))', ({ parts }) => ({ id: yard.chore(parts[0]!.split('/').at(-1)!).id })),
    route('PATCH', '/tasks/{id}', ({ parts, body }) => Object.assign(yard.task(Number(parts[0]))!, body)),
    route('GET', '/statistics', () => ({ bytes: 0, cancelled: 0, days: [], done: 0, failed: 0, seconds: 0, speed: 0 }) satisfies Schemas['Statistics']),
  ]
}

function ofModels(yard: DemoYard): Route[] {
  const fitting = (query: URLSearchParams) => {
    const text = (query.get('text') ?? '').toLowerCase()
    const out = query.getAll('exclude')
    const fits = (model: Model) => FACETS.every((name) => (!query.has(name) || query.getAll(name).includes(model[name])) && !out.includes(`${name}:${model[name]}`))
    return yard.models.filter((model) => model.title.toLowerCase().includes(text) && fits(model))
  }
  const one = (id: string) => {
    const model = yard.models.find((each) => each.id === Number(id))
    if (!model) throw new Problem({ code: 'no-such-model', message: `There is no model ${id}.`, hint: '', retryable: false }, 404)
    return model
  }
  const details = (id: string) => {
    const model = one(id)
    const file = { autov1: '', blake3: '', crc32: '', main: true, mtime_ns: 0, path: model.path, sha256: model.sha256, size: model.size, tensors: '' }
    const identity = { ...model, alpha: null, base_model: model.base, candidates: [], network: '', rank: null, reasons: ['demo'], safety: '', trained_words: [], variant: '' }
    return { model, files: [file], identity, tags: [], own_tags: [], about: { description: 'A model of the demo.', description_form: 'text', own: {}, trained_words: [], pictures: [], tags: [], claimed: {} } }
  }
  return [
    route('GET', '/models', ({ query }) => ({ models: fitting(query), next: null })),
    route('GET', '/models/facets', ({ query }) => {
      const found = fitting(query)
      const count = (name: (typeof FACETS)[number]) => {
        const groups = Map.groupBy(found, (model) => model[name])
        return Object.fromEntries([...groups].map(([value, models]) => [value, models.length]))
      }
      const counts = Object.fromEntries(FACETS.map((name) => [name, count(name)]))
      return { total: found.length, size: found.reduce((sum, model) => sum + model.size, 0), counts, tags: {} } satisfies Schemas['Facets']
    }),
    route('GET', '/models/folders', () => ({ folders: [], whole: true }) satisfies Schemas['Folders']),
    route('GET', '/models/with-hash', () => []),
    route('GET', '/models/duplicates', () => ({ alike: [], frees: 0, groups: [], unmeasured: 0 }) satisfies Schemas['Duplicates']),
    route('GET', '/models/proposals', () => ({ next: '', proposals: [], uses_known: false }) satisfies Schemas['Proposals']),
    route('GET', '/models/{id}/preview(?:/original)?', ({ parts }) => picture(Number(parts[0]))),
    route('GET', '/models/{id}/versions', () => []),
    route('GET', '/models/{id}', ({ parts }) => details(parts[0]!)),
    route('PATCH', '/models/{id}', ({ parts, body }) => {
      Object.assign(one(parts[0]!), body)
      return details(parts[0]!)
    }),
    route('GET', '/roots', () => ({ entries: [], problems: [], roots: [] }) satisfies Schemas['Places']),
    route('GET', '/room', ({ query }) => ({ path: query.get('to') || '/home/you/models', free: 8e11 }) satisfies Schemas['Destination']),
    route('GET', '/trash', () => ({ entries: [], size: 0 }) satisfies Schemas['TrashView']),
    route('GET', '/space', () => {
      const size = yard.models.reduce((sum, model) => sum + model.size, 0)
      const drives = [{ path: '/models', roots: ['/models'], total: 2e12, free: 8e11, models: size }]
      return { drives, duplicates: 0, family: [], folder: [], hub: [], kind: [], models: yard.models.length, program: [], root: [], size, trash: 0, unused: { models: 0, name: '', size: 0 }, unused_days: 180, uses_known: false } satisfies Schemas['Space']
    }),
  ]
}

function ofHubs(yard: DemoYard): Route[] {
  const file = (path: string, size: number) => ({ address: '', path, size, claimed: {}, access: 'open', licence: 'apache-2.0', role: 'main', folder: '' })
  return [
    route('GET', '/hubs', () => HUBS),
    route('GET', '/keys', () => [...yard.keys].map((hub) => ({ hub, place: 'file', shown: '…demo', used: true, trouble: null })) satisfies Schemas['KeyView'][]),
    route('PUT', '/keys/{hub}', ({ parts }) => {
      yard.keys.add(parts[0]!)
      return { place: 'file' }
    }),
    route('POST', '/keys/{hub}/check', ({ parts }) => ({ hub: parts[0]!, kind: null, note: null, opens: null, owner: 'you', scopes: [], valid: true }) satisfies Schemas['KeyReport']),
    route('DELETE', '/keys/{hub}', ({ parts }) => void yard.keys.delete(parts[0]!)),
    route('GET', '/hubs/model', ({ query }) => {
      const address = query.get('address')!
      return { address, hub: address.split(':')[0]!, title: address.split(/[:/]/).at(-1)!, facts: {}, companions: [], gate: null, files: [file('model.safetensors', 2.3e8), file('config.json', 640)] }
    }),
    route('GET', '/hubs/search', ({ query }) => {
      const words = query.get('text')!
      const models = yard.models.slice(0, 8).map((model) => ({ address: `hf:atelier/${model.title.replace(' ', '-')}`, title: `atelier/${model.title} ${words}`, hub: 'huggingface', kind: 'model', gated: false, downloads: 1000 * model.id, likes: model.id, page: null, updated: null }))
      return { models, problems: {} } satisfies Schemas['FoundModels']
    }),
  ]
}

function ofRest(): Route[] {
  return [
    route('GET', '/session', () => ({ name: DEMO, role: 'admin' })),
    route('GET', '/health', () => ({ ok: true, version: 'demo', pid: 0, uptime: 1, data_folder: '', newest: 0, checks: {} })),
    route('GET', '/limits', () => ({ limits: {} })),
    route('GET', '/profiles', () => ({})),
    route('GET', '/tokens', () => ({ tokens: [] })),
    ...EMPTY.map((name) => route('GET', `/${name}`, () => (name === 'lan-hubs' ? { origins: [] } : []))),
  ]
}
