import { onScopeDispose } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import type { Task } from '@/api/client'
import { isProven } from '@/tasks/landed'
import { useToasts } from '@/ui/toasts'

const PAUSE = 1000
/** As long as a toast stands; in between nothing more is told. */
const REST = 8000
/** So many are told one by one; more that end together are one sentence. */
const MOST = 2

type Ended = Pick<Task, 'id' | 'kind' | 'title' | 'error'> & { result?: object | null }

/** Tell what ended, a moment later: what ends together is told together, so that a long list does not cover the page. */
export function useEndings(): { done: (task: Ended) => void; failed: (task: Ended) => void } {
  const toasts = useToasts()
  const router = useRouter()
  const { t } = useI18n()
  const see = (show: string, task?: Ended) => ({ label: t('adding.look'), run: () => void router.push({ name: 'downloads', query: { show, task: task && String(task.id) } }) })
  const care = (tasks: Ended[]) => tasks.every(({ kind }) => kind !== 'download')

  const done = gathered<Ended>((tasks) => {
    const open = tasks.filter((task) => !isProven(task)).length
    if (tasks.length > MOST) toasts.tell(t(open ? 'tasks.arrivedManyOpen' : 'tasks.arrivedMany', { count: tasks.length, open }), see('done'))
    else for (const task of tasks) toasts.tell(t(isProven(task) ? 'tasks.arrived' : 'tasks.arrivedOpen', { title: task.title }), see('done', task))
  })
  const failed = gathered<Ended>((tasks) => {
    if (tasks.length > MOST) toasts.tell(t('tasks.failedMany', { count: tasks.length }), see(care(tasks) ? 'chores' : 'failed'), 'bad')
    else for (const task of tasks) toasts.fail(task.error, see(care([task]) ? 'chores' : 'failed', task))
  })
  return { done, failed }
}

/** Give what comes within a moment on in one piece, and then not again at once. */
function gathered<T>(give: (all: T[]) => void): (one: T) => void {
  let all: T[] = []
  let last = -REST
  let timer: ReturnType<typeof setTimeout> | undefined
  onScopeDispose(() => clearTimeout(timer))
  const end = () => {
    const ready = all
    all = []
    timer = undefined
    last = Date.now()
    give(ready)
  }
  return (one) => {
    all.push(one)
    timer ??= setTimeout(end, Math.max(PAUSE, last + REST - Date.now()))
  }
}
