import { useLocalStorage } from '@vueuse/core'

/** CivitAI's rating bits, from which on a preview is blurred; 0 never blurs. */
export const LEVELS = [2, 4, 8, 16, 0] as const

/** The chosen one, kept in this browser. */
export const blurFrom = useLocalStorage<number>('modelyard.blur-from', 4)

/** Whether a picture of this rating is blurred; nobody says is not blurred. */
export const isBlurred = (rating: number, from = blurFrom.value): boolean => from > 0 && rating >= from
