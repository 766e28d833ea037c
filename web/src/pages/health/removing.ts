import { useQueryClient } from '@tanstack/vue-query'
import { useI18n } from 'vue-i18n'
import { said } from '@/api/client'
import { api } from '@/api/here'
import { useToasts } from '@/ui/toasts'

/** Models into the trash and back. */
export function useTrash() {
  const queries = useQueryClient()
  const toasts = useToasts()
  const { t } = useI18n()
  const stale = () => void queries.invalidateQueries({ queryKey: ['models'] })

  async function remove(ids: number[]): Promise<void> {
    try {
      const { results } = await said(api().POST('/api/v1/models/trash', { body: { ids } }))
      const kept = results.flatMap((one) => one.trash || [])
      const refused = results.find((one) => one.error)
      if (refused) toasts.fail(refused.error)
      if (kept.length) toasts.tell(t('health.trash.removed', { count: kept.length }, kept.length), { label: t('do.undo'), run: () => void restore(kept) })
    } catch (thrown) {
      toasts.fail(thrown)
    }
    stale()
  }

  async function restore(ids: string[]): Promise<void> {
    try {
      const back = await said(api().POST('/api/v1/trash/undo', { body: { ids } }))
      const refused = back.find((one) => one.error)
      if (refused) toasts.fail(refused.error)
      else toasts.tell(t('health.trash.restored', { count: back.length }, back.length))
    } catch (thrown) {
      toasts.fail(thrown)
    }
    stale()
  }

  return { remove, restore }
}
