import { defineAsyncComponent, type Component } from 'vue'

/** The parts of the health page, in their order; `?part=` names one. */
export const PARTS: Record<string, { icon: string; shows: Component }> = {
  overview: { icon: 'icon-[lucide--stethoscope]', shows: defineAsyncComponent(() => import('./overview.vue')) },
  space: { icon: 'icon-[lucide--hard-drive]', shows: defineAsyncComponent(() => import('./space.vue')) },
  duplicates: { icon: 'icon-[lucide--files]', shows: defineAsyncComponent(() => import('./duplicates.vue')) },
  unused: { icon: 'icon-[lucide--moon-star]', shows: defineAsyncComponent(() => import('./unused.vue')) },
  newer: { icon: 'icon-[lucide--sparkles]', shows: defineAsyncComponent(() => import('./newer.vue')) },
  quarantine: { icon: 'icon-[lucide--biohazard]', shows: defineAsyncComponent(() => import('./quarantine.vue')) },
  trash: { icon: 'icon-[lucide--trash-2]', shows: defineAsyncComponent(() => import('./trash.vue')) },
}
