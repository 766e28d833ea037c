import { useQuery } from '@tanstack/vue-query'
import { refDebounced } from '@vueuse/core'
import { computed, type Ref } from 'vue'
import { said, type Got } from '@/api/client'
import { api } from '@/api/here'

export type Finding = Got<'/api/v1/hubs/search'>['models'][number]

const MOST = 40

/** Hubs that can be searched, in the order they are shown. */
export const SEARCHED = ['huggingface', 'civitai', 'modelscope'] as const

export interface Search {
  text: string
  hub: string[]
  kind: string
}

/** One search over the hubs; a hub that fails does not hide what the others found. */
export function useFound(search: Ref<Search>) {
  const settled = refDebounced(search, 350)
  return useQuery({
    queryKey: computed(() => ['hubs', 'search', settled.value]),
    enabled: computed(() => settled.value.text.trim() !== ''),
    staleTime: 300_000,
    queryFn: ({ signal }) => said(api().GET('/api/v1/hubs/search', { params: { query: { ...settled.value, limit: MOST } }, signal })),
  })
}
