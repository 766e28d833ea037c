import { useQuery } from '@tanstack/vue-query'
import { refDebounced } from '@vueuse/core'
import { computed, type MaybeRef, type Ref } from 'vue'
import { said } from '@/api/client'
import { api } from '@/api/here'
import { useMay } from '@/session/may'

/** Where a download that names this folder goes, and how much room it has there; without one, where those go that name none. */
export function useRoom(to: Ref<string>, wanted: MaybeRef<boolean> = true) {
  const { may } = useMay()
  const settled = refDebounced(to, 300)
  return useQuery({
    queryKey: computed(() => ['models', 'room', settled.value]),
    enabled: computed(() => may('operator') && (typeof wanted === 'boolean' ? wanted : wanted.value)),
    retry: false,
    queryFn: ({ signal }) => said(api().GET('/api/v1/room', { params: { query: { to: settled.value } }, signal })),
  })
}
