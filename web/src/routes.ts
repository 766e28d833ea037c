/** Every page, in the order of the side bar. */
export const PAGES = [
  { name: 'downloads', path: '/', key: 'd', icon: 'icon-[lucide--download]', load: () => import('./pages/downloads/downloads.vue') },
  { name: 'browse', path: '/browse', key: 'b', icon: 'icon-[lucide--search]', load: () => import('./pages/browse/browse.vue') },
  { name: 'library', path: '/library', key: 'l', icon: 'icon-[lucide--layout-grid]', load: () => import('./pages/library/library.vue') },
  { name: 'workflows', path: '/workflows', key: 'w', icon: 'icon-[lucide--workflow]', load: () => import('./pages/workflows/workflows.vue') },
  { name: 'tools', path: '/tools', key: 'o', icon: 'icon-[lucide--blocks]', load: () => import('./pages/tools/tools.vue') },
  { name: 'history', path: '/history', key: 'h', icon: 'icon-[lucide--history]', load: () => import('./pages/history/history.vue') },
  { name: 'health', path: '/health', key: 'e', icon: 'icon-[lucide--heart-pulse]', load: () => import('./pages/health/health.vue') },
  { name: 'settings', path: '/settings', key: 's', icon: 'icon-[lucide--settings]', load: () => import('./pages/settings/settings.vue') },
] as const

/** The page that an address below `root` opens. */
export const pageAt = (address: string, root: string) => PAGES.find(({ path }) => path === `/${address.slice(root.length)}`)
