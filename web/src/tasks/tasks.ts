import { useInfiniteQuery, useQuery, type InfiniteData } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { said, type Schemas, type State } from '@/api/client'
import { api } from '@/api/here'

export type Page = Pick<Schemas['TaskPage'], 'tasks' | 'next'>
export type Pages = InfiniteData<Page, string | null>

export const RUNNING: readonly State[] = ['running', 'verifying']
export const ENDED: readonly State[] = ['done', 'failed', 'cancelled']

export const TASKS = ['tasks'] as const
export const DOWNLOAD = 'download'
const PAGE = 100

/** Which tasks a list shows: those that will run in their order, then those that have ended, the latest first. */
export interface Chosen {
  kind: string
  open: State[]
  ended: ('done' | 'failed' | 'cancelled')[]
  text: string
}

/** The queue, a page at a time. */
export function useTasks(chosen: Ref<Chosen>) {
  const { open, ended } = { open: useOpen(chosen), ended: useEnded(chosen) }
  const tasks = computed(() => [
    ...(chosen.value.open.length ? (open.data.value?.pages.flatMap((page) => page.tasks) ?? []) : []),
    ...(chosen.value.ended.length && !open.hasNextPage.value ? (ended.data.value?.pages.flatMap((page) => page.tasks) ?? []) : []),
  ])
  const isLoading = computed(() => open.isLoading.value || ended.isLoading.value)
  const error = computed(() => open.error.value ?? ended.error.value)

  /** Ask for more, when the end of what is here comes into sight. */
  function more(): void {
    const next = [open, ended].find((list) => list.hasNextPage.value)
    if (next && !next.isFetchingNextPage.value) void next.fetchNextPage()
  }

  const refetch = () => Promise.all([open.refetch(), ended.refetch()])
  return { tasks, isLoading, error, more, refetch }
}

function useOpen(chosen: Ref<Chosen>) {
  const query = computed(() => ({ kind: chosen.value.kind, state: chosen.value.open, text: chosen.value.text, limit: PAGE }))
  return useInfiniteQuery({
    queryKey: computed(() => [...TASKS, 'list', 'open', query.value]),
    enabled: computed(() => query.value.state.length > 0),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => said(api().GET('/api/v1/tasks', { params: { query: { ...query.value, ...(pageParam && { after: pageParam }) } }, signal })),
    getNextPageParam: (last) => last.next,
  })
}

function useEnded(chosen: Ref<Chosen>) {
  const query = computed(() => ({ kind: chosen.value.kind, state: chosen.value.ended, text: chosen.value.text, listed: true, limit: PAGE }))
  return useInfiniteQuery({
    queryKey: computed(() => [...TASKS, 'list', 'ended', query.value]),
    enabled: computed(() => query.value.state.length > 0),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => said(api().GET('/api/v1/history', { params: { query: { ...query.value, ...(pageParam && { after: pageParam }) } }, signal })),
    getNextPageParam: (last) => last.next,
  })
}

/** How many listed tasks of a kind there are in each state. */
export function useCounts(kind: Ref<string>) {
  return useQuery({
    queryKey: computed(() => [...TASKS, 'counts', kind.value]),
    queryFn: async ({ signal }) => (await said(api().GET('/api/v1/tasks', { params: { query: { kind: kind.value, limit: 1 } }, signal }))).counts,
  })
}

/** One task's moves, the oldest first. */
export function useSteps(id: Ref<number | undefined>) {
  return useQuery({
    queryKey: computed(() => [...TASKS, 'steps', id.value]),
    enabled: computed(() => id.value !== undefined),
    queryFn: ({ signal }) => said(api().GET('/api/v1/tasks/{id}/steps', { params: { path: { id: id.value! } }, signal })),
  })
}
