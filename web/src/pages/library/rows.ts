import { useVirtualizer } from '@tanstack/vue-virtual'
import { useElementSize } from '@vueuse/core'
import { computed, ref, watch, type Ref } from 'vue'
import type { Shelf } from '@/models/shelf'
import { whenPainted } from '@/ui/painted'
import { shape, type Density, type View } from './views'

interface Shown {
  shelf: Shelf
  version: number
  view: View
  size: Density
}

/** The rows of a long list that are in sight, each with its cells; what is shown is what the shelf is asked for. */
export function useRows(props: Shown, scroller: Ref<HTMLElement | null>) {
  const { width } = useElementSize(scroller)
  const form = computed(() => shape(props.view, props.size, width.value))
  const total = computed(() => (props.version, props.shelf.total))

  const settled = ref(false) // the rows beyond the edge come after the first ones stand
  const rows = useVirtualizer(
    computed(() => ({
      count: width.value ? Math.ceil(total.value / form.value.columns) : 0,
      getScrollElement: () => scroller.value,
      estimateSize: () => form.value.height,
      overscan: settled.value ? (props.view === 'grid' ? 2 : 8) : 0,
      paddingEnd: 80, // the bar of what is chosen hides nothing
    })),
  )
  watch(form, () => rows.value.measure(), { flush: 'post' })
  watch(() => rows.value.getVirtualItems().length > 0, (there) => there && whenPainted(() => (settled.value = true)))
  const shown = computed(() => {
    void props.version
    const { columns } = form.value
    return rows.value.getVirtualItems().map((row) => ({
      key: row.index,
      start: row.start,
      cells: Array.from({ length: Math.min(columns, total.value - row.index * columns) }, (_, column) => ({ index: row.index * columns + column, model: props.shelf.at(row.index * columns + column) })),
    }))
  })
  watch(
    [() => props.shelf, () => shown.value[0]?.key, () => shown.value.at(-1)?.key, () => form.value.columns],
    ([shelf, first, last, columns]) => last !== undefined && shelf.want(first! * columns, last * columns + columns - 1),
    { immediate: true },
  )
  const height = computed(() => rows.value.getTotalSize())
  return { width, form, total, shown, height, scrollTo: (row: number) => rows.value.scrollToIndex(row) }
}
