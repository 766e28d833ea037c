import { shallowReactive } from 'vue'
import { blurFrom, isBlurred } from '@/shell/blur'

/** Models whose picture somebody clicked clear, until the page is loaded anew. */
export const revealed = shallowReactive(new Set<number>())

/** Whether a model's picture is blurred now. */
export const isHidden = (model: { id: number; nsfw: number }): boolean => isBlurred(model.nsfw, blurFrom.value) && !revealed.has(model.id)
