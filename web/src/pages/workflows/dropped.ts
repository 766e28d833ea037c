import { useI18n } from 'vue-i18n'
import { useToasts } from '@/ui/toasts'
import { usePlanning } from './planning'

/** Plan the first of the workflows that a person gave, and say so where there are more. */
export function useDropped(): (files: readonly File[]) => Promise<void> {
  const { t } = useI18n()
  const toasts = useToasts()
  const planning = usePlanning()
  return async ([first, ...others]) => {
    if (others.length) toasts.tell(t('workflows.onlyOne', { name: first!.name, n: others.length }, others.length))
    if (first) await planning.read(first)
  }
}
