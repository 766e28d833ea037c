import { answeredAhead } from './ahead'
import type { Client, Listener } from './client'

/** What proves who we are: a token of this tab, or the CSRF value of a session whose cookie only the browser sees. */
export interface Proof {
  token: string | null
  csrf: string | null
}

const READS = new Set(['GET', 'HEAD'])

/** The real service. */
export class HttpClient implements Client {
  constructor(
    private readonly root: string,
    private readonly proof: () => Proof,
  ) {}

  async fetch(request: Request): Promise<Response> {
    const early = await answeredAhead(request)
    if (early) return early
    const { token, csrf } = this.proof()
    const headers = new Headers(request.headers)
    if (token) headers.set('Authorization', `Bearer ${token}`)
    if (csrf && !token) headers.set('X-CSRF-Token', csrf)
    // The service takes no write that does not say what it is, with a body or without
    if (!READS.has(request.method) && !headers.has('Content-Type')) headers.set('Content-Type', 'application/json')
    return fetch(new Request(request, { headers, credentials: 'same-origin' }))
  }

  listen(since: number | null, listener: Listener): () => void {
    const address = new URL('api/v1/events/ws', this.root)
    address.protocol = address.protocol.replace('http', 'ws')
    const socket = new WebSocket(address)
    let refusal = ''
    socket.onopen = () => {
      const { token } = this.proof()
      socket.send(JSON.stringify({ ...(token && { token }), ...(since !== null && { since }) }))
    }
    socket.onmessage = (frame) => {
      const told = JSON.parse(String(frame.data))
      if (told.hello) listener.opened()
      else if (told.event) listener.event(told.event)
      else if (told.snapshot) listener.snapshot(told.snapshot, told.newest)
      else if (told.problem) refusal = told.problem.code
    }
    socket.onclose = () => listener.closed(refusal)
    return () => {
      socket.onclose = null
      socket.close()
    }
  }
}
