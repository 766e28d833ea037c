import { VueQueryPlugin } from '@tanstack/vue-query'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './app.vue'
import { provideApi } from './api/here'
import { HttpClient } from './api/http'
import { makeQueries } from './api/queries'
import { makeWords, startLanguage } from './words'
import { makeRouter } from './router'
import { useSession } from './session/session'
import './style.css'

async function begin(): Promise<void> {
  const root = new URL(document.baseURI)
  const pinia = createPinia()
  const app = createApp(App).use(pinia)
  const session = useSession()
  // The mock is a chunk of its own that only a demo loads
  const client = new URLSearchParams(location.search).has('demo')
    ? new (await import('./demo/client')).MockClient()
    : new HttpClient(root.href, () => session.proof)
  provideApi(client, root.origin + root.pathname)
  app.use(makeRouter(root.pathname))
  app.use(VueQueryPlugin, { queryClient: makeQueries() })
  app.use(await makeWords(startLanguage()))
  app.mount('#app')
}

void begin()
