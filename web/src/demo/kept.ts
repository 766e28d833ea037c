import type { Schemas } from '@/api/client'
import { route, type Route } from './route'

type Row = Schemas['modelyard.settings.kept.Row']
type Value = string | number | boolean

/** Some of the service's settings; the page has their words. */
const ROWS = (
  [
    ...[['folder', '', 'text'], ['files.at-once', 4, 'whole'], ['tasks.at-once', 4, 'whole'], ['tasks.per-hub', 3, 'whole'], ['tasks.retries', 5, 'whole'], ['tasks.quiet', '', 'text'], ['disk.reserve', '100MB', 'size']],
    ...[['proxy', '', 'text'], ['cache', true, 'switch'], ['connections.per-file', 16, 'whole'], ['retry.factor', 2, 'number'], ['previews', 'on', 'text']],
  ] as [string, Value, string][]
).map(([name, value, kind]): Row => ({ name, value, default: value, kind, origin: 'default', restart: false, says: '', secret: false, variable: '' }))

/** What a person keeps in the settings: folders, limits, profiles, searches. */
export function ofKept(): Route[] {
  const entries: Schemas['Entry'][] = []
  const searches = new Map<string, Schemas['Search']>()
  const profiles: Record<string, unknown> = {}
  const limits: Record<string, string> = { total: 'off', huggingface: 'off', civitai: 'off', modelscope: 'off', schedule: '' }
  const settings = new Map(ROWS.map((row) => [row.name, row]))
  const set = (name: string, change: Partial<Row>) => settings.set(name, { ...settings.get(name)!, ...change }).get(name)!
  const roots = () => entries.map((entry, index): Schemas['RootView'] => ({ entry: entry.path, folder: entry.folder ?? '', index, models: 0, path: entry.path, problems: [], read_only: entry.read_only ?? false, there: true }))
  const without = (path: string | null) => entries.splice(0, entries.length, ...entries.filter((entry) => entry.path !== path))
  return [
    route('GET', '/roots', () => ({ entries, problems: [], roots: roots() }) satisfies Schemas['Places']),
    route('PUT', '/roots', ({ body }) => {
      const entry = body as unknown as Schemas['Entry']
      without(entry.path)
      entries.push(entry)
      return entry
    }),
    route('DELETE', '/roots', ({ query }) => void without(query.get('path'))),
    route('GET', '/limits', () => ({ limits })),
    route('PUT', '/limits', ({ body }) => ({ limits: Object.assign(limits, body.limits) })),
    route('GET', '/settings', () => [...settings.values()]),
    route('PUT', '/settings/{name}', ({ parts, body }) => {
      const said = String(body.value)
      return set(parts[0]!, { value: typeof settings.get(parts[0]!)!.default === 'boolean' ? said === 'on' : said, origin: 'file' })
    }),
    route('DELETE', '/settings/{name}', ({ parts }) => set(parts[0]!, { value: settings.get(parts[0]!)!.default, origin: 'default' })),
    route('GET', '/profiles', () => profiles),
    route('PUT', '/profiles/{name}', ({ parts, body }) => (profiles[decodeURIComponent(parts[0]!)] = body)),
    route('DELETE', '/profiles/{name}', ({ parts }) => void delete profiles[decodeURIComponent(parts[0]!)]),
    route('GET', '/searches', () => [...searches.values()].sort((a, b) => b.at - a.at)),
    route('PUT', '/searches/{text}', ({ parts }) => {
      const text = decodeURIComponent(parts[0]!)
      searches.set(text, { text, at: Date.now() / 1000, times: (searches.get(text)?.times ?? 0) + 1 })
    }),
    route('DELETE', '/searches', () => searches.clear()),
  ]
}
