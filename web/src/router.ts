import { createRouter, createWebHistory } from 'vue-router'

/** Every page, in the order of the side bar. */
export const PAGES = [
  { name: 'downloads', path: '/', icon: 'icon-[lucide--download]', load: () => import('./pages/downloads/downloads.vue') },
  { name: 'browse', path: '/browse', icon: 'icon-[lucide--search]', load: () => import('./pages/browse/browse.vue') },
  { name: 'library', path: '/library', icon: 'icon-[lucide--layout-grid]', load: () => import('./pages/library/library.vue') },
  { name: 'settings', path: '/settings', icon: 'icon-[lucide--settings]', load: () => import('./pages/settings/settings.vue') },
] as const

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
