import type { Schemas, State, Task } from '@/api/client'
import { DEMO } from '@/session/session'
import { MEANT, type Mass } from '@/tasks/deeds'
import { figures } from './figures'
import { ofKept } from './kept'
import { ofModels } from './library'
import { ofPrograms } from './programs'
import { route, type Route } from './route'
import type { DemoYard } from './yard'

const MOVES: Record<string, State> = { pause: 'paused', resume: 'queued', cancel: 'cancelled', retry: 'queued' }
const HUBS: Schemas['HubView'][] = [
  { name: 'huggingface', title: 'Hugging Face', prefixes: ['hf'], key: false, settings_page: 'https://huggingface.co/settings/tokens' },
  { name: 'civitai', title: 'CivitAI', prefixes: ['civitai'], key: false, settings_page: 'https://civitai.com/user/account' },
  { name: 'modelscope', title: 'ModelScope', prefixes: ['ms'], key: false, settings_page: 'https://modelscope.cn/my/myaccesstoken' },
]
const EMPTY = ['hooks', 'lan-hubs', 'schedule', 'newer', 'maintenance']

/** The routes of a demo; what is not here says so. */
export function answers(yard: DemoYard): Route[] {
  return [...ofTasks(yard), ...ofModels(yard), ...ofHubs(yard), ...ofPrograms(yard), ...ofKept(), ...ofRest()]
}

function ofTasks(yard: DemoYard): Route[] {
  const counts = (tasks: Task[]) => Object.groupBy(tasks, (task) => task.state)
  const fitting = (query: URLSearchParams) => {
    const [states, kind, text] = [query.getAll('state'), query.get('kind') ?? '', (query.get('text') ?? '').toLowerCase()]
    return yard.tasks.filter((task) => !(query.has('listed') && yard.cleared.has(task.id)) && (!states.length || states.includes(task.state)) && (kind.startsWith('-') ? task.kind !== kind.slice(1) : ['', task.kind].includes(kind)) && task.address.toLowerCase().includes(text))
  }
  const add = (addresses: string[]) => addresses.map((address) => yard.add(address).id)
  return [
    route('GET', '/tasks', ({ query }) => {
      query.set('listed', 'true')
      const told = Object.entries(counts(fitting(new URLSearchParams({ listed: '', kind: query.get('kind') ?? '' })))).map(([state, tasks]) => [state, tasks!.length])
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
    route('POST', '/tasks/order', ({ body }) => yard.place(body.ids as number[], body.before as number | undefined)),
    route('POST', '/tasks/clear', ({ body }) => {
      const left = yard.tasks.filter((task) => (body.states as State[]).includes(task.state) && !yard.cleared.has(task.id))
      for (const task of left) yard.cleared.add(task.id)
      return { count: left.length }
    }),
    route('GET', '/tasks/{id}', ({ parts }) => yard.task(Number(parts[0]))),
    route('POST', '/history/forget', ({ body }) => yard.forget(body.ids as number[])),
    route('POST', '/history/again', ({ body }) => ({ ids: add((body.ids as number[]).map((id) => yard.task(id)?.address ?? '')) })),
    route('POST', '/(library/\\w+|models/(?:refresh|move))', ({ parts }) => ({ id: yard.chore(parts[0]!.split('/').at(-1)!).id })),
    route('PATCH', '/tasks/{id}', ({ parts, body }) => Object.assign(yard.task(Number(parts[0]))!, body)),
    route('GET', '/statistics', ({ query }) => figures(yard.tasks, query.get('since') ?? '', query.get('until') ?? '')),
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
      return { address, asked: address, hub: HUBS.find((hub) => hub.prefixes.includes(address.split(':')[0]!))?.name ?? 'web', title: address.split(/[:/]/).at(-1)!, facts: {}, companions: [], gate: null, files: [file('model.safetensors', 2.3e8), file('config.json', 640)] }
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
    route('GET', '/tokens', () => ({ tokens: [] })),
    ...EMPTY.map((name) => route('GET', `/${name}`, () => (name === 'lan-hubs' ? { origins: [] } : []))),
  ]
}
