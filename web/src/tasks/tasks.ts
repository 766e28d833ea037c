import { useInfiniteQuery, useQuery, useQueryClient, type InfiniteData } from '@tanstack/vue-query'
import { defineStore } from 'pinia'
import { computed, shallowReactive, type Ref } from 'vue'
import { said, type Schemas, type State, type Task } from '@/api/client'
import { api } from '@/api/here'
import { useToasts } from '@/ui/toasts'

export type Page = Schemas['TaskPage']
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
const PAGE = 100

/** The queue, a page at a time, in the order it will run. */
export function useTasks(filter: Ref<{ state: State[]; text: string }>) {
  return useInfiniteQuery({
    queryKey: computed(() => [...TASKS, 'list', filter.value]),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      said(api().GET('/api/v1/tasks', { params: { query: { ...filter.value, limit: PAGE, ...(pageParam && { after: pageParam }) } }, signal })),
    getNextPageParam: (last) => last.next,
  })
}

/** How many tasks there are in each state. */
export function useCounts() {
  return useQuery({
    queryKey: [...TASKS, 'counts'],
    queryFn: async ({ signal }) => (await said(api().GET('/api/v1/tasks', { params: { query: { limit: 1 } }, signal }))).counts,
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
