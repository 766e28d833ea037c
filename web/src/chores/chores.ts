import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, watch } from 'vue'
import { said, type Schemas } from '@/api/client'
import { api } from '@/api/here'
import { useWrites } from '@/api/writes'
import { useDeeds } from '@/tasks/deeds'
import { useNumbers } from '@/tasks/numbers'
import { TASKS } from '@/tasks/tasks'

/** Work on the library that the service does as a task of its queue. */
export type Chore = 'scan' | 'verify' | 'measure' | 'refresh' | 'dedupe' | 'versions' | 'import' | 'link'

type Answer = Promise<{ data?: Schemas['Begun']; error?: unknown; response: Response }>

/** Begin such work, see how far it is (also when another page began it), and stop it. */
export function useChore(kind: Chore) {
  const queries = useQueryClient()
  const numbers = useNumbers()
  const { act } = useDeeds()
  const { busy, work } = useWrites(TASKS)
  const found = useQuery({
    queryKey: [...TASKS, 'chore', kind],
    queryFn: async ({ signal }) => {
      const query = { kind, state: ['running', 'queued', 'waiting', 'verifying'] as const, limit: 1 }
      const page = await said(api().GET('/api/v1/tasks', { params: { query: { ...query, state: [...query.state] } }, signal }))
      return page.tasks[0] ?? null
    },
  })
  const task = computed(() => found.data.value ?? null)
  const now = computed(() => (task.value ? numbers.of.get(task.value.id) : undefined))
  watch(task, (next, before) => {
    if (before && !next) void queries.invalidateQueries({ queryKey: ['models'] })
  })

  const begin = (asked: () => Answer) => work(() => said(asked()))
  const stop = () => (task.value ? act('cancel', [task.value.id]) : undefined)
  return { task, now, busy, begin, stop }
}

/** How a piece of advice says what mends it: `POST /path` and a body. */
export function mending(route: string, body: Record<string, unknown> | undefined): (() => Answer) | null {
  const [method, path] = route.split(' ')
  if (method !== 'POST' || !path?.startsWith('/api/v1/')) return null
  // The service names the path itself, so that the types cannot know it
  return () => api().POST(path as '/api/v1/library/scan', { body: (body ?? {}) as Schemas['ScanBody'] })
}
