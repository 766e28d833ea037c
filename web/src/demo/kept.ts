import type { Schemas } from '@/api/client'
import { route, type Route } from './route'

/** What a person keeps in the settings: folders, limits, profiles, searches. */
export function ofKept(): Route[] {
  const entries: Schemas['Entry'][] = []
  const searches = new Map<string, Schemas['Search']>()
  const profiles: Record<string, unknown> = {}
  let limits: Record<string, string> = {}
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
    route('PUT', '/limits', ({ body }) => ({ limits: (limits = body.limits as Record<string, string>) })),
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
