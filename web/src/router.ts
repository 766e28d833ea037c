import { createRouter, createWebHistory } from 'vue-router'
import { PAGES } from './routes'

/** The pages as addresses, below wherever the service put us. */
export function makeRouter(root: string) {
  return createRouter({
    history: createWebHistory(root),
    routes: [
      ...PAGES.map(({ name, path, load }) => ({ name, path, component: load })),
      { path: '/:rest(.*)*', redirect: '/' },
    ],
    scrollBehavior: (_to, _from, kept) => kept ?? { top: 0 },
  })
}
