import { onBeforeUpdate, onUpdated, type Ref } from 'vue'

/** A row that has the focus keeps it, and stays in sight, when it takes another place in its list. */
export function useHolding(scroller: Ref<HTMLElement | null>): void {
  let held: HTMLElement | null = null
  let seen = false

  onBeforeUpdate(() => {
    held = scroller.value?.querySelector<HTMLElement>(':focus') ?? null
    seen = held !== null && isInSight(held, scroller.value!)
  })
  onUpdated(() => {
    if (!held?.isConnected) return
    // What takes another place is taken out and put in: browsers let its focus go
    if (document.activeElement === document.body) held.focus({ preventScroll: true })
    if (seen && !isInSight(held, scroller.value!)) held.scrollIntoView({ block: 'nearest' })
  })
}

function isInSight(row: HTMLElement, scroller: HTMLElement): boolean {
  const [inner, outer] = [row.getBoundingClientRect(), scroller.getBoundingClientRect()]
  return inner.top >= outer.top && inner.bottom <= outer.bottom
}
