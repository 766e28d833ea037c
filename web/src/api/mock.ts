import type { Client, Listener } from './client'

/** A service in this page's memory, for tests and a demo: nothing leaves the page. */
export class MockClient implements Client {
  async fetch(request: Request): Promise<Response> {
    return Response.json({ code: 'no-such-route', detail: new URL(request.url).pathname, hint: '', retryable: false }, { status: 404 })
  }

  listen(_since: number | null, listener: Listener): () => void {
    listener.opened()
    return () => {}
  }
}
