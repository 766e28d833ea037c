import { ref, shallowRef, type Ref } from 'vue'
import type { Model } from '@/api/client'
import { hears } from '@/commands/table'
import { beginDrag } from '@/models/dragging'
import type { Shelf } from '@/models/shelf'
import type { Selection } from './selection'

interface Where {
  scroller: Ref<HTMLElement | null>
  shelf: () => Shelf
  selection: () => Selection
  columns: () => number
  total: () => number
  /** Whether a click beside the title opens, too. */
  opensAnywhere: () => boolean
  scrollTo: (row: number) => void
}

interface Ways {
  open: (model: Model) => void
  star: (model: Model) => void
  remove: (model: Model) => void
}

/** What clicks, keys and drags on the cells of a list mean; a cell says by `data-do` what stands under the pointer. */
export function useActing(where: Where, ways: Ways) {
  const active = ref(0)
  const pointed = shallowRef<Model | null>(null)
  const chosen = () => where.selection().chosen.value

  function cellOf(event: Event): { index: number; model: Model; what: string } | null {
    const target = event.target as HTMLElement
    const index = Number(target.closest<HTMLElement>('[data-card]')?.dataset.card ?? -1)
    const model = index < 0 ? undefined : where.shelf().at(index)
    return model ? { index, model, what: target.closest<HTMLElement>('[data-do]')?.dataset.do ?? '' } : null
  }

  function clicked(event: MouseEvent): void {
    const cell = cellOf(event)
    if (!cell) return
    active.value = cell.index
    if (cell.what === 'star') return ways.star(cell.model)
    if (event.shiftKey) {
      event.preventDefault()
      return void where.selection().reach(cell.index)
    }
    if (cell.what === 'choose' || event.ctrlKey || event.metaKey || chosen().size) return where.selection().toggle(cell.model, cell.index)
    if (cell.what === 'open' || where.opensAnywhere()) ways.open(cell.model)
  }

  function typed(event: KeyboardEvent): void {
    const cell = cellOf(event)
    if (!cell || event.altKey) return
    const columns = where.columns()
    const steps: Record<string, number> = { ArrowDown: columns, ArrowUp: -columns, ArrowRight: 1, ArrowLeft: -1, Home: -cell.index, End: where.total() }
    if (hears(event, 'model-choose') && cell.what === 'open') where.selection().toggle(cell.model, cell.index)
    else if (hears(event, 'model-trash')) ways.remove(cell.model)
    else if (hears(event, 'model-star')) ways.star(cell.model)
    else if (event.key in steps) go(cell.index + steps[event.key]!, event.shiftKey)
    else return
    event.preventDefault()
  }

  function go(wanted: number, choosing: boolean): void {
    if (choosing && !chosen().size) where.selection().setAnchor(active.value)
    active.value = Math.max(0, Math.min(where.total() - 1, wanted))
    where.scrollTo(Math.floor(active.value / where.columns()))
    if (choosing) void where.selection().reach(active.value)
    requestAnimationFrame(focusActive)
  }

  /** The menu belongs to a model; beside them it is the browser's. */
  function point(event: MouseEvent): void {
    pointed.value = cellOf(event)?.model ?? null
    if (!pointed.value) event.stopImmediatePropagation()
  }

  function drag(event: DragEvent): void {
    const cell = cellOf(event)
    if (cell) beginDrag(event, cell.model, chosen())
    else event.preventDefault()
  }

  const focusActive = () => where.scroller.value?.querySelector<HTMLElement>(`[data-card="${active.value}"] [data-do=open]`)?.focus({ preventScroll: true })
  return { active, pointed, clicked, typed, point, drag, focusActive }
}
