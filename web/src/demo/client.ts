import type { Client, Listener, Told } from '@/api/client'
import { Problem } from '@/api/problem'
import { answers } from './answers'
import { known } from '@/words'
import { DemoYard } from './yard'

const TICK = 250

/** A service in this page's memory, for tests and a demo: nothing leaves the page, and a reload begins anew. */
export class MockClient implements Client {
  private newest = 0
  private readonly listeners = new Set<Listener>()
  readonly yard = new DemoYard((kind, data) => this.tell(kind, data))
  private readonly answers = answers(this.yard)

  constructor(tick = TICK) {
    if (tick) setInterval(() => this.yard.move(tick / 1000), tick)
  }

  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url)
    const path = url.pathname.replace(/^.*\/api\/v1/, '')
    try {
      for (const [method, pattern, answer] of this.answers) {
        const match = method === request.method && pattern.exec(path)
        if (!match) continue
        const told = await answer({ parts: match.slice(1), query: url.searchParams, body: await bodyOf(request) })
        if (told instanceof Blob) return new Response(told)
        return told === undefined ? new Response(null, { status: 204 }) : Response.json(told)
      }
      throw new Problem({ code: 'only-a-demo', message: known('shell.demoCannot'), hint: known('shell.demoHint'), retryable: false }, 404)
    } catch (thrown) {
      if (!(thrown instanceof Problem)) throw thrown
      const { code, message, hint, retryable, status } = thrown
      return Response.json({ code, detail: message, hint, retryable, status }, { status: status || 400 })
    }
  }

  listen(_since: number | null, listener: Listener): () => void {
    this.listeners.add(listener)
    queueMicrotask(() => listener.opened())
    return () => this.listeners.delete(listener)
  }

  private tell(kind: string, data: Told['data']): void {
    const told: Told = { number: ++this.newest, at: Date.now() / 1000, kind, data }
    for (const listener of this.listeners) listener.event(told)
  }
}

async function bodyOf(request: Request): Promise<Record<string, unknown>> {
  const text = await request.text()
  try {
    return text ? JSON.parse(text) : {}
  } catch {
    return {} // a picture
  }
}
