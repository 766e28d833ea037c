import { useInfiniteQuery, useQueryClient, type InfiniteData } from '@tanstack/vue-query'
import { defineStore } from 'pinia'
import { computed, shallowReactive, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { said, type Schemas, type Task } from '@/api/client'
import { api } from '@/api/here'
import { save } from '@/ui/saving'
import { useToasts } from '@/ui/toasts'

export interface Filter {
  state?: ('done' | 'failed' | 'cancelled')[]
  hub?: string
  kind?: string
  text?: string
  favourite?: boolean
  since?: number
  until?: number
}
type Pages = InfiniteData<Schemas['HistoryPage'], string | null>

const LIST = ['history', 'list'] as const
const PAGE = 100

/** Entries that are forgotten as soon as their undo is gone, also when the page was left meanwhile. */
const useForgotten = defineStore('forgotten', () => {
  const hidden = shallowReactive(new Set<number>())
  const hide = (ids: number[]) => ids.forEach((id) => hidden.add(id))
  const show = (ids: number[]) => ids.forEach((id) => hidden.delete(id))
  return { hidden, hide, show }
})

/** What has ended, the latest first, a page at a time. */
export function useEntries(filter: Ref<Filter>) {
  return useInfiniteQuery({
    queryKey: computed(() => [...LIST, filter.value]),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      said(api().GET('/api/v1/history', { params: { query: { ...filter.value, limit: PAGE, ...(pageParam && { after: pageParam }) } }, signal })),
    getNextPageParam: (last) => last.next,
  })
}

/** What can be done with ended tasks. Forgetting waits until its undo is gone. */
export function useEntryDeeds() {
  const queries = useQueryClient()
  const toasts = useToasts()
  const { t } = useI18n()
  const { hidden, hide, show } = useForgotten()

  const patch = (id: number, change: Partial<Task>) =>
    queries.setQueriesData<Pages>({ queryKey: LIST }, (data) =>
      data && { ...data, pages: data.pages.map((page) => ({ ...page, tasks: page.tasks.map((task) => (task.id === id ? { ...task, ...change } : task)) })) },
    )

  async function star(task: Task): Promise<void> {
    const favourite = !task.favourite
    patch(task.id, { favourite })
    try {
      await said(api().PATCH('/api/v1/tasks/{id}', { params: { path: { id: task.id } }, body: { favourite } }))
    } catch (thrown) {
      patch(task.id, { favourite: task.favourite })
      toasts.fail(thrown)
    }
  }

  async function again(ids: number[]): Promise<void> {
    try {
      const { ids: made } = await said(api().POST('/api/v1/history/again', { body: { ids } }))
      toasts.tell(t('adding.queued', made.length))
      void queries.invalidateQueries({ queryKey: ['tasks'] })
    } catch (thrown) {
      toasts.fail(thrown)
    }
  }

  function forget(ids: number[]): void {
    hide(ids)
    let taken = false
    const back = () => {
      taken = true
      show(ids)
    }
    toasts.tell(t('history.forgotten', { count: ids.length }, ids.length), { label: t('do.undo'), run: back }, 'plain', () => taken || void settle(ids))
  }

  async function settle(ids: number[]): Promise<void> {
    try {
      await said(api().POST('/api/v1/history/forget', { body: { ids } }))
    } catch (thrown) {
      show(ids)
      toasts.fail(thrown)
    }
    void queries.invalidateQueries({ queryKey: ['history'] })
  }

  return { hidden, star, again, forget }
}

/** The history as a file of the browser. */
export async function download(filter: Filter, format: 'csv' | 'json'): Promise<void> {
  const blob = (await said(api().GET('/api/v1/history/export', { params: { query: { ...filter, format } }, parseAs: 'blob' }))) as Blob
  save(blob, `modelyard-history.${format}`)
}
