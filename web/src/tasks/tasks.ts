import { useInfiniteQuery, useQuery, useQueryClient, type InfiniteData } from '@tanstack/vue-query'
import { defineStore } from 'pinia'
import { computed, shallowReactive, type Ref } from 'vue'
import { said, type Schemas, type State, type Task } from '@/api/client'
import { api } from '@/api/here'
import { useToasts } from '@/ui/toasts'

export type Page = Pick<Schemas['TaskPage'], 'tasks' | 'next'>
export type Pages = InfiniteData<Page, string | null>

/** Numbers of a running task, several times a second. */
export interface Numbers {
  id: number
  done: number
  received: number
  size: number | null
  speed: number
  eta: number | null
  stage: string
  note: string
  connections: number
  files: { name: string; size: number | null; done: number; speed: number; stage: string; note: string; pieces: string }[]
}

export const RUNNING: readonly State[] = ['running', 'verifying']
export const ENDED: readonly State[] = ['done', 'failed', 'cancelled']

const SAMPLES = 60

/** What moves: kept apart from what is asked, so that a tick redraws only rows that run. */
export const useNumbers = defineStore('numbers', () => {
  const of = shallowReactive(new Map<number, Numbers>())
  const history = shallowReactive<number[]>([])
  const speed = computed(() => [...of.values()].reduce((sum, each) => sum + each.speed, 0))

  function take(running: Numbers[]): void {
    const ids = new Set(running.map((each) => each.id))
    for (const id of of.keys()) if (!ids.has(id)) of.delete(id)
    for (const each of running) of.set(each.id, each)
    history.push(speed.value)
    if (history.length > SAMPLES) history.shift()
  }

  function end(id: number): void {
    of.delete(id)
  }

  return { of, history, speed, take, end }
})

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

const EXPECTED: Record<Deed, State> = { pause: 'paused', resume: 'queued', cancel: 'cancelled', retry: 'queued' }
export type Deed = 'pause' | 'resume' | 'cancel' | 'retry'

/** What may be done to a task in its state. */
export function deeds(state: State): Deed[] {
  if (state === 'paused') return ['resume', 'cancel']
  if (state === 'failed') return ['retry', 'cancel']
  if (state === 'cancelled') return ['retry']
  if (state === 'done') return []
  return ['pause', 'cancel']
}

/** Change tasks: shown at once, taken back with its reason when the service refuses. */
export function useDeeds() {
  const queries = useQueryClient()
  const toasts = useToasts()

  async function act(deed: Deed, ids: number[]): Promise<void> {
    const before = queries.getQueriesData<Pages>({ queryKey: [...TASKS, 'list'] })
    patchTasks(queries, new Set(ids), () => ({ state: EXPECTED[deed] }))
    try {
      const answers = await said(api().POST('/api/v1/tasks/actions', { body: { do: deed, ids } }))
      const refused = answers.find((answer) => answer.error)
      if (refused?.error) toasts.fail(refused.error)
    } catch (thrown) {
      for (const [key, data] of before) queries.setQueryData(key, data)
      toasts.fail(thrown)
    }
    void queries.invalidateQueries({ queryKey: TASKS })
  }

  /** Put a task before another one, or at an end of the queue. */
  async function place(ids: number[], where: { before: number } | { to: 'top' | 'end' }): Promise<void> {
    try {
      await said(api().POST('/api/v1/tasks/order', { body: { ids, ...where } }))
    } catch (thrown) {
      toasts.fail(thrown)
    }
    void queries.invalidateQueries({ queryKey: TASKS })
  }

  async function change(id: number, body: Schemas['Changes']): Promise<void> {
    patchTasks(queries, new Set([id]), () => body as Partial<Task>)
    try {
      await said(api().PATCH('/api/v1/tasks/{id}', { params: { path: { id } }, body }))
    } catch (thrown) {
      toasts.fail(thrown)
    }
    void queries.invalidateQueries({ queryKey: TASKS })
  }

  async function clear(states: ('done' | 'failed' | 'cancelled')[]): Promise<void> {
    try {
      await said(api().POST('/api/v1/tasks/clear', { body: { states } }))
    } catch (thrown) {
      toasts.fail(thrown)
    }
    void queries.invalidateQueries({ queryKey: TASKS })
  }

  return { act, place, change, clear }
}

/** Change tasks in every list that shows them. */
export function patchTasks(queries: ReturnType<typeof useQueryClient>, ids: ReadonlySet<number>, change: (task: Task) => Partial<Task>): void {
  queries.setQueriesData<Pages>({ queryKey: [...TASKS, 'list'] }, (data) => {
    if (!data?.pages.some((page) => page.tasks.some((task) => ids.has(task.id)))) return data
    const pages = data.pages.map((page) => ({
      ...page,
      tasks: page.tasks.map((task) => (ids.has(task.id) ? { ...task, ...change(task) } : task)),
    }))
    return { ...data, pages }
  })
}
