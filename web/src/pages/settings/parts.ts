import { defineAsyncComponent, type Component } from 'vue'
import type { Role } from '@/session/may'

/** The parts of the settings, in their order; `?part=` names one. `need` may change it, `reads` may see it. */
export const PARTS: Record<string, { icon: string; need?: Role; reads?: Role; shows: Component }> = {
  roots: { icon: 'icon-[lucide--folder-tree]', need: 'admin', shows: defineAsyncComponent(() => import('./parts/roots.vue')) },
  keys: { icon: 'icon-[lucide--key-round]', reads: 'admin', shows: defineAsyncComponent(() => import('./parts/keys.vue')) },
  downloads: { icon: 'icon-[lucide--gauge]', need: 'operator', shows: defineAsyncComponent(() => import('./parts/downloads.vue')) },
  network: { icon: 'icon-[lucide--network]', need: 'admin', shows: defineAsyncComponent(() => import('./parts/network.vue')) },
  hooks: { icon: 'icon-[lucide--webhook]', reads: 'admin', shows: defineAsyncComponent(() => import('./parts/hooks.vue')) },
  access: { icon: 'icon-[lucide--shield]', shows: defineAsyncComponent(() => import('./parts/access.vue')) },
  keep: { icon: 'icon-[lucide--archive]', shows: defineAsyncComponent(() => import('./parts/keep.vue')) },
  look: { icon: 'icon-[lucide--palette]', shows: defineAsyncComponent(() => import('./parts/look.vue')) },
  all: { icon: 'icon-[lucide--sliders-horizontal]', need: 'admin', shows: defineAsyncComponent(() => import('./parts/all.vue')) },
}
