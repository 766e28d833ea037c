import { useQueryClient } from '@tanstack/vue-query'
import { ref } from 'vue'
import { useToasts } from '@/ui/toasts'
import { said } from './client'

/** One write at a time: what it changed is asked anew, and what the service refused is told with its reason. */
export function useWrites(...stale: readonly (readonly string[])[]) {
  const queries = useQueryClient()
  const toasts = useToasts()
  const busy = ref(false)

  async function work<T>(asked: () => Promise<T>): Promise<T | undefined> {
    busy.value = true
    try {
      return await asked()
    } catch (thrown) {
      toasts.fail(thrown)
      return undefined
    } finally {
      busy.value = false
      for (const queryKey of stale) void queries.invalidateQueries({ queryKey })
    }
  }

  /** Whether it was done. */
  const did = (asked: () => Promise<{ data?: unknown; error?: unknown; response: Response }>): Promise<boolean> =>
    work(async () => {
      await said(asked())
      return true
    }).then((done) => done === true)

  return { busy, work, did }
}
