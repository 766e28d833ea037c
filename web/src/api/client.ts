import createFetch from 'openapi-fetch'
import type { paths, components } from './schema'
import { problemOf } from './problem'

export type Schemas = components['schemas']
/** What a question is answered with, by its path. */
export type Got<P extends keyof paths> = paths[P]['get'] extends { responses: { 200: { content: { 'application/json': infer T } } } } ? T : never
export type Task = Schemas['TaskView']
export type State = Schemas['State']
export type Model = Schemas['Model']
export type Details = Schemas['Details']

/** One event of the service. */
export interface Told {
  number: number
  at: number
  kind: string
  data: Record<string, unknown>
}

/** What a live connection says. */
export interface Listener {
  opened(): void
  event(told: Told): void
  snapshot(state: Record<string, unknown>, newest: number): void
  closed(refusal: string): void
}

/** Everything that leaves the page goes through one of these: HTTP and a WebSocket, or the mock's memory. */
export interface Client {
  fetch(request: Request): Promise<Response>
  /** Listen from an event on; gives the way to stop. */
  listen(since: number | null, listener: Listener): () => void
}

/** Typed calls over a client. */
export function typed(client: Client, base: string) {
  return createFetch<paths>({ baseUrl: base, fetch: (request) => client.fetch(request) })
}

export type Api = ReturnType<typeof typed>

/** The data of an answer; what the service refused is thrown as a Problem. */
export async function said<T>(asked: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await asked
  if (error !== undefined || !response.ok) throw problemOf(error, response.status)
  return data as T
}
