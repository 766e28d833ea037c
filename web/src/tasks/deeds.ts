import { useQueryClient } from '@tanstack/vue-query'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { said, type Schemas, type State, type Task } from '@/api/client'
import { api } from '@/api/here'
import { useToasts } from '@/ui/toasts'
import { TASKS, type Pages } from './tasks'

const EXPECTED: Record<Deed, State> = { pause: 'paused', resume: 'queued', cancel: 'cancelled', retry: 'queued' }
/** For which states a verb is that names no task; what the service means by it, too. */
export const MEANT: Record<Mass, readonly State[]> = { pause: ['queued', 'waiting', 'running', 'verifying'], resume: ['paused'], retry: ['failed'] }
export type Deed = 'pause' | 'resume' | 'cancel' | 'retry'
export type Mass = Exclude<Deed, 'cancel'>

/** How many tasks a verb is for that names none. */
export const meant = (deed: Mass, counts: Partial<Record<State, number>> | undefined): number =>
  MEANT[deed].reduce((sum, state) => sum + (counts?.[state] ?? 0), 0)

/** What may be done to a task in its state. */
export function deeds(state: State): Deed[] {
  if (state === 'paused') return ['resume', 'cancel']
  if (state === 'failed' || state === 'cancelled') return ['retry']
  if (state === 'done') return []
  return ['pause', 'cancel']
}

/** Change tasks: shown at once, taken back with its reason when the service refuses. */
export function useDeeds() {
  const queries = useQueryClient()
  const toasts = useToasts()
  const router = useRouter()
  const { t } = useI18n()

  const lists = () => queries.getQueriesData<Pages>({ queryKey: [...TASKS, 'list'] })
  function back(before: ReturnType<typeof lists>): void {
    for (const [key, data] of before) queries.setQueryData(key, data)
  }

  async function act(deed: Deed, ids: number[]): Promise<void> {
    if (!ids.length) return // without numbers it would mean everybody
    const rested = pausedOf(ids)
    const done = await send({ do: deed, ids })
    if (deed !== 'cancel' || !done.length) return
    toasts.tell(t('tasks.cancelled', { count: done.length }, done.length), { label: t('do.undo'), run: () => void uncancel(done, rested) })
  }

  const pausedOf = (ids: number[]): number[] => {
    const shown = lists().flatMap(([, data]) => data?.pages.flatMap((page) => page.tasks) ?? [])
    return ids.filter((id) => shown.some((task) => task.id === id && task.state === 'paused'))
  }

  /** What had arrived is still there: they go on, and those that were paused rest again. */
  async function uncancel(ids: number[], rested: number[]): Promise<void> {
    const done = await send({ do: 'retry', ids })
    const again = rested.filter((id) => done.includes(id))
    if (again.length) await send({ do: 'pause', ids: again })
  }

  /** One verb for every task of a kind, of those that contain these words; the service knows which, the page only some. */
  const actAll = (deed: Mass, kind: string, text: string) => send({ do: deed, kind, text })

  /** Gives those that could. */
  async function send(body: Schemas['Action']): Promise<number[]> {
    const before = lists()
    let done: number[] = []
    if (body.ids) patchTasks(queries, new Set(body.ids), () => ({ state: EXPECTED[body.do] }))
    try {
      const answers = await said(api().POST('/api/v1/tasks/actions', { body }))
      const refused = answers.find((answer) => answer.error)
      if (refused?.error) toasts.fail(refused.error)
      done = answers.filter((answer) => !answer.error).map((answer) => answer.id)
    } catch (thrown) {
      back(before)
      toasts.fail(thrown)
    }
    void queries.invalidateQueries({ queryKey: TASKS })
    return done
  }

  /** Put a task before another one, or at an end of the queue; done when the lists show it. */
  async function place(ids: number[], where: { before: number } | { to: 'top' | 'end' }): Promise<void> {
    try {
      await said(api().POST('/api/v1/tasks/order', { body: { ids, ...where } }))
    } catch (thrown) {
      toasts.fail(thrown)
    }
    await queries.invalidateQueries({ queryKey: TASKS })
  }

  async function change(id: number, body: Schemas['Changes']): Promise<void> {
    const before = lists()
    patchTasks(queries, new Set([id]), () => body as Partial<Task>)
    try {
      await said(api().PATCH('/api/v1/tasks/{id}', { params: { path: { id } }, body }))
    } catch (thrown) {
      back(before)
      toasts.fail(thrown)
    }
    void queries.invalidateQueries({ queryKey: TASKS })
  }

  async function clear(states: ('done' | 'failed' | 'cancelled')[]): Promise<void> {
    try {
      const { count } = await said(api().POST('/api/v1/tasks/clear', { body: { states } }))
      if (count) toasts.tell(t('tasks.cleared', { count }, count), { label: t('pages.history'), run: () => void router.push({ name: 'history' }) })
    } catch (thrown) {
      toasts.fail(thrown)
    }
    void queries.invalidateQueries({ queryKey: TASKS })
  }

  return { act, actAll, place, change, clear }
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
