import { useQueryClient } from '@tanstack/vue-query'
import { useThrottleFn } from '@vueuse/core'
import { onScopeDispose } from 'vue'
import type { State, Task, Told } from '@/api/client'
import { patchTasks } from '@/tasks/deeds'
import { useNumbers, type Numbers } from '@/tasks/numbers'
import { DOWNLOAD, ENDED, RUNNING, TASKS } from '@/tasks/tasks'
import { useEndings } from './endings'
import { useLive } from './live'

const PAUSE = 700
/** What a question per file answers is asked again less often. */
const REST = 3_000

/** Keep the page's copies true: a move is patched in at once, what is counted or ordered anew is asked again. */
export function useFollowing(): void {
  const live = useLive()
  const queries = useQueryClient()
  const numbers = useNumbers()
  const endings = useEndings()
  const stale = (key: readonly string[], pause = PAUSE) => useThrottleFn(() => void queries.invalidateQueries({ queryKey: key }), pause, true)
  const [tasks, cards, landed, settings, history] = [stale(TASKS), stale(['models']), stale(['landed'], REST), stale(['settings']), stale(['history'])]
  const models = () => {
    void cards()
    void landed()
  }

  const heard = ({ kind, data }: Told) => {
    if (kind === 'progress') return numbers.take(data.tasks as Numbers[])
    if (kind === 'task.moved') {
      const moved = data as unknown as Task & { to: State }
      const { to: state, reason, until, error, result } = moved
      patchTasks(queries, new Set([moved.id]), () => ({ state, reason, until, error, ...(result && { result }) }))
      if (!RUNNING.includes(state)) numbers.end(moved.id)
      if (state === 'done' && moved.kind === DOWNLOAD) endings.done(moved)
      else if (ENDED.includes(state)) models() // a chore's findings: newer versions, what was lent
      if (state === 'failed') endings.failed(moved)
      void history()
    }
    if (kind === 'queue.kept') void history()
    if (kind.startsWith('task.') || kind.startsWith('queue.')) void tasks()
    else if (kind.startsWith('model')) models()
    else if (kind.startsWith('library.')) models()
    else if (kind === 'settings.changed') void settings()
  }
  const missed = () => {
    numbers.take([])
    // The first one, too: what was asked before it may have changed before it. Hubs' answers are not ours to renew
    void queries.invalidateQueries({ predicate: ({ queryKey: [about] }) => about !== 'hubs' && about !== 'batch' })
  }

  live.onEvent.add(heard)
  live.onSnapshot.add(missed)
  onScopeDispose(() => {
    live.onEvent.delete(heard)
    live.onSnapshot.delete(missed)
  })
}
