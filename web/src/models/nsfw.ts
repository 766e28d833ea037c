import { useLocalStorage } from '@vueuse/core'
import { shallowReactive } from 'vue'

/** CivitAI's bits of how explicit something is; from the chosen one on, pictures are blurred. */
export const LEVELS = { off: 64, explicit: 8, mature: 4, soft: 2 } as const
export type Level = keyof typeof LEVELS

/** Chosen for this browser. */
export const blurFrom = useLocalStorage<Level>('modelyard.nsfw', 'mature')

/** Models whose picture somebody clicked clear, until the page is loaded anew. */
export const revealed = shallowReactive(new Set<number>())

export const isExplicit = (bits: number, from: Level): boolean => bits >= (LEVELS[from] ?? LEVELS.mature)
