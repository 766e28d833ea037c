import { useQueryClient } from '@tanstack/vue-query'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { said, type Schemas } from '@/api/client'
import { api } from '@/api/here'
import { TASKS } from '@/tasks/tasks'
import { useToasts } from '@/ui/toasts'

export type Wish = Schemas['Item']

/** A task's download as it can be asked for again: also that a stranger's document named it. */
export const wishOf = (options: Record<string, unknown>, address: string): Wish => ({ ...options, address })

/** Whether an address is only shown in part: what follows its `?` may be a secret, and is told to nobody. */
export const isPart = (address: string) => address.endsWith('?…')

/** Put downloads into the queue; says whether they are in it. */
export function useQueueing() {
  const { t } = useI18n()
  const queries = useQueryClient()
  const router = useRouter()
  const toasts = useToasts()

  async function queue(ask: () => Promise<number[]>): Promise<boolean> {
    try {
      const ids = await ask()
      const { name, query } = router.currentRoute.value
      const inSight = name === 'downloads' && !query.show && !query.find
      toasts.tell(t('adding.queued', ids.length), inSight ? undefined : { label: t('adding.look'), run: () => void router.push({ name: 'downloads' }) })
      void queries.invalidateQueries({ queryKey: TASKS })
      return true
    } catch (thrown) {
      toasts.fail(thrown)
      return false
    }
  }

  const items = (items: Wish[]) =>
    queue(async () => {
      const added = await said(api().POST('/api/v1/tasks', { body: { items } }))
      if (added.refused[0]) throw added.refused[0].error
      return added.ids
    })
  const list = (text: string, shared: Wish) =>
    queue(async () => (await said(api().POST('/api/v1/tasks/batch', { body: { text, shared } }))).ids)

  return { items, list }
}
