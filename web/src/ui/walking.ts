import type { Ref } from 'vue'

/** Arrows walk through the rows of a long list: `[data-row]` says which one has the focus, `reach` brings one into sight. */
export function useWalking(scroller: Ref<HTMLElement | null>, count: () => number, reach: (row: number) => void) {
  return (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-row]')
    if (!step || !row || event.target !== row || event.defaultPrevented) return
    event.preventDefault()
    const next = Math.max(0, Math.min(count() - 1, Number(row.dataset.row) + step))
    reach(next)
    requestAnimationFrame(() => scroller.value?.querySelector<HTMLElement>(`[data-row="${next}"]`)?.focus())
  }
}
