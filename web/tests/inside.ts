import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { createPinia, setActivePinia } from 'pinia'
import { createApp, type Component } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { provideApi } from '@/api/here'
import { makeWords } from '@/words'

type Reply = (request: Request) => Response | Promise<Response>

/** What a part of the page gets from its app, with a service that answers as told. */
export async function inside<T>(reply: Reply, use: () => T, known?: QueryClient): Promise<{ got: T; queries: QueryClient }> {
  let got: T
  const { queries } = await drawn(reply, {
    setup() {
      got = use()
      return () => null
    },
  }, known)
  return { got: got!, queries }
}

/** A component as it stands on the page, with a service that answers as told. */
export async function drawn(reply: Reply, component: Component, known?: QueryClient): Promise<{ at: HTMLElement; queries: QueryClient }> {
  const pinia = createPinia()
  setActivePinia(pinia)
  provideApi({ fetch: async (request) => reply(request), listen: () => () => undefined }, 'http://localhost/')
  const queries = known ?? new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/', name: 'downloads', component: {} }] })
  const at = document.createElement('div')
  createApp(component).use(pinia).use(router).use(await makeWords('en')).use(VueQueryPlugin, { queryClient: queries }).mount(at)
  return { at, queries }
}

/** How the service refuses. */
export const refusal = (detail: string, status = 409): Response => Response.json({ code: 'busy', detail, hint: '', retryable: true }, { status })
