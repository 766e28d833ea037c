import { defineAsyncComponent, type Component } from 'vue'

/** The parts of the settings, in their order; `?part=` names one. */
export const PARTS: Record<string, { icon: string; shows: Component }> = {
  roots: { icon: 'icon-[lucide--folder-tree]', shows: defineAsyncComponent(() => import('./parts/roots.vue')) },
  keys: { icon: 'icon-[lucide--key-round]', shows: defineAsyncComponent(() => import('./parts/keys.vue')) },
  downloads: { icon: 'icon-[lucide--gauge]', shows: defineAsyncComponent(() => import('./parts/downloads.vue')) },
  network: { icon: 'icon-[lucide--network]', shows: defineAsyncComponent(() => import('./parts/network.vue')) },
  hooks: { icon: 'icon-[lucide--webhook]', shows: defineAsyncComponent(() => import('./parts/hooks.vue')) },
  access: { icon: 'icon-[lucide--shield]', shows: defineAsyncComponent(() => import('./parts/access.vue')) },
  look: { icon: 'icon-[lucide--palette]', shows: defineAsyncComponent(() => import('./parts/look.vue')) },
  all: { icon: 'icon-[lucide--sliders-horizontal]', shows: defineAsyncComponent(() => import('./parts/all.vue')) },
}
