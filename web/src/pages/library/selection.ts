import { computed, shallowRef, type ShallowRef } from 'vue'
import type { Model } from '@/api/client'
import type { Shelf } from '@/models/shelf'

/** As many as the service takes in one go. */
export const MOST = 10_000
/** As many as fit side by side. */
export const MOST_COMPARED = 4

/** What is chosen in a list that is not held whole: ids with their bytes. */
export function useSelection(shelf: ShallowRef<Shelf>) {
  const chosen = shallowRef<ReadonlyMap<number, number>>(new Map())
  const ids = computed(() => [...chosen.value.keys()])
  const size = computed(() => [...chosen.value.values()].reduce((sum, each) => sum + each, 0))
  let anchor = 0

  function toggle(model: Model, index: number): void {
    const next = new Map(chosen.value)
    if (!next.delete(model.id)) next.set(model.id, model.size)
    chosen.value = next
    anchor = index
  }

  const add = (models: Model[]) => (chosen.value = new Map([...chosen.value, ...models.map((model) => [model.id, model.size] as const)]))

  /** From the last one that was toggled to this one. */
  async function reach(index: number): Promise<void> {
    const [first, last] = anchor < index ? [anchor, index] : [index, anchor]
    add(await shelf.value.between(first, last, MOST))
  }

  /** Everything that fits the filter, as far as one command goes; whether that was all. */
  async function all(): Promise<boolean> {
    const { total } = shelf.value
    add(await shelf.value.between(0, total - 1, MOST))
    return total <= MOST
  }

  /** Exactly these, beside what was chosen before: what a marquee touches while it is drawn. */
  function set(models: Model[], before: ReadonlyMap<number, number>): void {
    chosen.value = new Map([...before, ...models.map((model) => [model.id, model.size] as const)])
  }

  function clear(): void {
    if (chosen.value.size) chosen.value = new Map()
  }

  return { chosen, ids, size, toggle, reach, all, set, clear, setAnchor: (index: number) => (anchor = index) }
}

export type Selection = ReturnType<typeof useSelection>
