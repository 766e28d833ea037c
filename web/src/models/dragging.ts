import { inject, provide, ref, shallowRef, type InjectionKey } from 'vue'
import type { Model } from '@/api/client'

/** What of a drag other programs and other parts of the page know it by. */
export const DRAGGED = 'application/x-modelyard-models'

/** A folder that takes models: a root's path and a place below it. */
export type Receive = (ids: number[], root: string, place: string) => void
const RECEIVE: InjectionKey<Receive> = Symbol('receive')

/** The models that are being dragged; the event itself tells them only when it ends. */
export const dragged = shallowRef<number[]>([])

export const provideReceiving = (receive: Receive): void => provide(RECEIVE, receive)

/** Begin to drag a model, or all that are chosen when it is one of them. */
export function beginDrag(event: DragEvent, model: Model, chosen: ReadonlyMap<number, number>): void {
  const ids = chosen.has(model.id) ? [...chosen.keys()] : [model.id]
  dragged.value = ids
  event.dataTransfer?.setData(DRAGGED, JSON.stringify(ids))
  if (event.dataTransfer) event.dataTransfer.effectAllowed = 'move'
}

/** A folder of the tree as a place to drop on; `over` while something hovers. */
export function useReceiving(root: () => string, place: () => string) {
  const receive = inject(RECEIVE, null)
  const over = ref(false)
  const hovers = (event: DragEvent) => {
    if (!receive || !event.dataTransfer?.types.includes(DRAGGED)) return
    event.preventDefault()
    event.dataTransfer.dropEffect = 'move'
    over.value = true
  }
  const on = {
    dragenter: hovers,
    dragover: hovers,
    dragleave: () => (over.value = false),
    drop: (event: DragEvent) => {
      over.value = false
      if (!receive || !event.dataTransfer?.types.includes(DRAGGED)) return
      event.preventDefault()
      event.stopPropagation()
      if (dragged.value.length) receive(dragged.value, root(), place())
    },
  }
  return { over, on }
}
