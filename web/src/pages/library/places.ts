import { onBeforeUnmount, watch, type Ref } from 'vue'

/** How far each list was scrolled when its page was left, by its address; for as long as the tab lives. */
const places = new Map<string, number>()

/** Back on this page, the list stands where it was left; another list begins at its beginning. */
export function usePlace(place: () => string, scroller: Ref<HTMLElement | null>, height: Ref<number>, begin: () => void): void {
  let left = places.get(place()) ?? 0
  watch(place, () => {
    begin()
    scroller.value?.scrollTo(0, 0)
  })
  watch(
    height,
    (size) => {
      if (!left || size < left) return
      scroller.value?.scrollTo(0, left)
      left = 0
    },
    { flush: 'post' },
  )
  onBeforeUnmount(() => places.set(place(), scroller.value?.scrollTop ?? 0))
}
