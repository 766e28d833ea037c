import { useI18n } from 'vue-i18n'
import { useToasts } from './toasts'

/** Put text where the person can paste it, and say so. */
export function useCopy(): (text: string) => Promise<void> {
  const { t } = useI18n()
  const toasts = useToasts()
  return async (text) => {
    try {
      await navigator.clipboard.writeText(text)
      toasts.tell(t('tasks.copied'))
    } catch (thrown) {
      toasts.fail(thrown) // no permission, or no safe context
    }
  }
}
