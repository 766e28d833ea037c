import { VueQueryPlugin } from '@tanstack/vue-query'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './app.vue'
import { provideApi } from './api/here'
import { HttpClient } from './api/http'
import { makeQueries } from './api/queries'
import { startLanguage } from './languages'
import { makeWords } from './words'
import { makeRouter } from './router'
import { useSession } from './session/session'

/** Put the page together, below wherever the service is. */
export async function begin(root: URL): Promise<void> {
  const pinia = createPinia()
  const app = createApp(App).use(pinia)
  const session = useSession()
  // The mock is a chunk of its own that only a demo loads
  const client = new URLSearchParams(location.search).has('demo')
    ? new (await import('./demo/client')).MockClient()
    : new HttpClient(root.href, () => session.proof)
  provideApi(client, root.origin + root.pathname)
  const router = makeRouter(root.pathname)
  app.use(router).use(VueQueryPlugin, { queryClient: makeQueries() })
  app.use(await makeWords(startLanguage()))
  // The frame and the opened page are drawn at once; without its code the frame stands alone
  await router.isReady().catch(() => undefined)
  app.mount('#app')
}
