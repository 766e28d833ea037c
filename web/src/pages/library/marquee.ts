import { useEventListener } from '@vueuse/core'
import { shallowRef, type Ref } from 'vue'

export interface Box {
  left: number
  top: number
  width: number
  height: number
}

const SLACK = 6
const EDGE = 40

/** Indices of a grid's cells that a box touches; cells are `pitch` apart. */
export function touched(box: Box, columns: number, pitch: { x: number; y: number; gap: number }, count: number): number[] {
  const first = (at: number, step: number) => Math.max(0, Math.floor((at + pitch.gap) / step))
  const found: number[] = []
  const lastRow = Math.floor((box.top + box.height) / pitch.y)
  const lastColumn = Math.min(columns - 1, Math.floor((box.left + box.width) / pitch.x))
  for (let row = first(box.top, pitch.y); row <= lastRow; row++) {
    for (let column = first(box.left, pitch.x); column <= lastColumn; column++) {
      if (row * columns + column < count) found.push(row * columns + column)
    }
  }
  return found
}

/** A rectangle drawn with the mouse over the empty places of a scroller; `content` is what scrolls in it. */
export function useMarquee(scroller: Ref<HTMLElement | null>, content: Ref<HTMLElement | null>, on: { begin: () => void; draw: (box: Box) => void }) {
  const box = shallowRef<Box | null>(null)
  let from: { x: number; y: number } | null = null

  const inContent = (event: PointerEvent) => {
    const { left, top } = content.value!.getBoundingClientRect()
    return { x: event.clientX - left, y: event.clientY - top }
  }
  useEventListener(scroller, 'pointerdown', (event) => {
    const { target } = event
    if (event.button !== 0 || event.pointerType !== 'mouse' || !content.value || (target as HTMLElement).closest('[data-card]')) return
    if (event.offsetX > scroller.value!.clientWidth && target === scroller.value) return // its scroll bar
    from = inContent(event)
  })
  useEventListener(window, 'pointermove', (event) => {
    if (!from || !content.value) return
    const to = inContent(event)
    const next = { left: Math.min(from.x, to.x), top: Math.min(from.y, to.y), width: Math.abs(to.x - from.x), height: Math.abs(to.y - from.y) }
    if (!box.value && next.width + next.height < SLACK) return
    if (!box.value) on.begin()
    box.value = next
    on.draw(next)
    const { top, bottom } = scroller.value!.getBoundingClientRect()
    if (event.clientY < top + EDGE) scroller.value!.scrollTop -= EDGE / 2
    if (event.clientY > bottom - EDGE) scroller.value!.scrollTop += EDGE / 2
  })
  useEventListener(window, 'pointerup', () => {
    from = null
    box.value = null
  })
  return box
}
