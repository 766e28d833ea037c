interface Asked {
  parts: string[]
  query: URLSearchParams
  body: Record<string, unknown>
}
export type Answer = (asked: Asked) => unknown
export type Route = [method: string, pattern: RegExp, answer: Answer]

/** One route of the demo; `{name}` is any one part of a path. */
export const route = (method: string, path: string, answer: Answer): Route => [method, new RegExp(`^${path.replace(/\{\w+\}/g, '([^/]+)')}$`), answer]
