import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { said, type Model } from '@/api/client'
import { api } from '@/api/here'
import { useToasts } from '@/ui/toasts'

const COMFYUI = ['comfyui']
const PAUSE = 15_000

/** Whether a ComfyUI with our extension is open beside this page, and the way to put a model into its workflow. */
export function useComfyui() {
  const { t } = useI18n()
  const toasts = useToasts()
  const queries = useQueryClient()
  // No event tells that a window of another program was opened or closed
  const asked = useQuery({ queryKey: COMFYUI, staleTime: PAUSE, refetchInterval: PAUSE, refetchOnWindowFocus: true, queryFn: ({ signal }) => said(api().GET('/api/v1/comfyui', { signal })) })
  const isOpen = computed(() => (asked.data.value?.pages ?? 0) > 0)

  async function insert({ id, title }: Model): Promise<void> {
    try {
      const { pages } = await said(api().POST('/api/v1/comfyui/insert', { body: { id } }))
      queries.setQueryData(COMFYUI, { pages })
      toasts.tell(t(pages ? 'library.inserted' : 'library.notInserted', { title }))
    } catch (thrown) {
      toasts.fail(thrown)
    }
  }

  return { isOpen, insert }
}
