import type { Model, Schemas } from '@/api/client'
import { Problem } from '@/api/problem'
import { picture } from './models'
import { route, type Route } from './route'
import type { DemoYard } from './yard'

const FACETS = ['kind', 'family', 'base', 'health', 'folder', 'format'] as const

/** Models and their trash; what is moved there comes back by its undo. */
export function ofModels(yard: DemoYard): Route[] {
  const fitting = (query: URLSearchParams) => {
    const text = (query.get('text') ?? '').toLowerCase()
    const out = query.getAll('exclude')
    const fits = (model: Model) => FACETS.every((name) => (!query.has(name) || query.getAll(name).includes(model[name])) && !out.includes(`${name}:${model[name]}`))
    return yard.models.filter((model) => model.title.toLowerCase().includes(text) && fits(model))
  }
  const tagged = new Map<number, string[]>()
  const tagsOf = ({ id }: Model) => tagged.get(id) ?? []
  const one = (id: string) => {
    const model = yard.models.find((each) => each.id === Number(id))
    if (!model) throw new Problem({ code: 'no-such-model', message: `There is no model ${id}.`, hint: '', retryable: false }, 404)
    return model
  }
  const details = (id: string) => {
    const model = one(id)
    const file = { autov1: '', blake3: '', crc32: '', main: true, mtime_ns: 0, path: model.path, sha256: model.sha256, size: model.size, tensors: '' }
    const identity = { ...model, alpha: null, base_model: model.base, candidates: [], network: '', rank: null, reasons: ['demo'], safety: '', trained_words: [], variant: '' }
    return { model, files: [file], identity, tags: tagsOf(model), own_tags: tagsOf(model), about: { description: 'A model of the demo.', description_form: 'text', own: { tags: tagsOf(model) }, trained_words: [], pictures: [], tags: [], claimed: {} } }
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
      const { tags, ...other } = body
      if (tags) tagged.set(Number(parts[0]), tags as string[])
      Object.assign(one(parts[0]!), other)
      return details(parts[0]!)
    }),
    route('GET', '/room', ({ query }) => ({ path: query.get('to') || '/home/you/models', free: 8e11 }) satisfies Schemas['Destination']),
    route('GET', '/models/{id}/uses', ({ parts }) => ({ id: Number(parts[0]), title: one(parts[0]!).title, days: [], used: 0, uses: 0 }) satisfies Schemas['UsesOf']),
    route('POST', '/models/{id}/versions/ignore', () => undefined),
    route('POST', '/models/{id}/rename', ({ parts, body }) => {
      const model = one(parts[0]!)
      const named = (path: string) => path.replace(/[^/]+$/, String(body.name))
      Object.assign(model, { name: body.name, path: named(model.path), place: named(model.place) })
      return details(parts[0]!)
    }),
    route('POST', '/models/tags', ({ body }) => {
      for (const id of body.ids as number[]) tagged.set(id, [...new Set([...(tagged.get(id) ?? []), ...((body.add ?? []) as string[])])].filter((tag) => !((body.remove ?? []) as string[]).includes(tag)))
      return { unwritten: [] } satisfies Schemas['Tagged']
    }),
    route('GET', '/compare', ({ query }) => {
      const [first, second] = [one(query.get('first')!), one(query.get('second')!)]
      const facts = (['kind', 'family', 'base', 'size'] as const).filter((name) => first[name] !== second[name]).map((name) => ({ name, first: first[name], second: second[name] }))
      return { facts, metadata: [], same_bytes: false, same_tensors: false, tensors: [], tensors_alike: 0, tensors_differ: 0 } satisfies Schemas['Comparison']
    }),
    ...ofTrash(yard),
    route('GET', '/space', () => {
      const size = yard.models.reduce((sum, model) => sum + model.size, 0)
      const drives = [{ path: '/models', roots: ['/models'], total: 2e12, free: 8e11, models: size }]
      return { drives, duplicates: 0, family: [], folder: [], hub: [], kind: [], models: yard.models.length, program: [], root: [], size, trash: 0, unused: { models: 0, name: '', size: 0 }, unused_days: 180, uses_known: false } satisfies Schemas['Space']
    }),
  ]
}

/** The trash: entries are named by the model that lies in them. */
function ofTrash(yard: DemoYard): Route[] {
  const trash = new Map<string, { model: Model; at: number }>()
  const view = (): Schemas['TrashView'] => {
    const entries = [...trash].map(([id, { model, at }]) => ({ id, at, model: model.id, path: model.path, root: model.root, size: model.size, title: model.title }))
    return { entries, size: entries.reduce((sum, entry) => sum + entry.size, 0) }
  }
  return [
    route('GET', '/trash', view),
    route('POST', '/models/trash', ({ body }) => {
      const gone = yard.models.filter((model) => (body.ids as number[]).includes(model.id))
      for (const model of gone) trash.set(String(model.id), { model, at: Date.now() / 1000 })
      yard.models = yard.models.filter((model) => !gone.includes(model))
      return { results: gone.map(({ id, path }) => ({ id, path, trash: String(id), error: null })) } satisfies Schemas['Results']
    }),
    route('POST', '/trash/undo', ({ body }) =>
      (body.ids as string[]).map((id) => {
        const { model } = trash.get(id)!
        trash.delete(id)
        yard.models = [...yard.models, model].sort((a, b) => a.id - b.id)
        return { id, path: model.path, error: null } satisfies Schemas['BackView']
      }),
    ),
    route('POST', '/trash/empty', ({ body }) => {
      const before = view()
      const ids = (body.ids ?? [...trash.keys()]) as string[]
      if (!body.dry_run) ids.forEach((id) => trash.delete(id))
      return { entries: before.entries.filter(({ id }) => ids.includes(id)), size: before.size } satisfies Schemas['TrashView']
    }),
  ]
}
