import { useQuery } from '@tanstack/vue-query'
import { refDebounced } from '@vueuse/core'
import { computed, type Ref } from 'vue'
import { said, type Got } from '@/api/client'
import { api } from '@/api/here'

type Found = Got<'/api/v1/hubs/search'>
export type Finding = Found['models'][number]

/** How many are asked for of each hub: at first, and when somebody wants more. */
export const FIRST = 40
export const MOST = 100

/** Hubs that can be searched, in the order they are shown. */
export const SEARCHED = ['huggingface', 'civitai', 'modelscope'] as const

export interface Search {
  text: string
  hub: string[]
  kind: string
  limit: number
}

/** One search over the hubs; a hub that fails does not hide what the others found. */
export function useFound(search: Ref<Search>) {
  const settled = refDebounced(search, 350)
  return useQuery({
    queryKey: computed(() => ['hubs', 'search', settled.value]),
    enabled: computed(() => settled.value.text.trim() !== ''),
    staleTime: 300_000,
    // More of the same: what was found stands until it is here
    placeholderData: (before: Found | undefined, query): Found | undefined => ((query?.queryKey[2] as Search | undefined)?.text === settled.value.text ? before : undefined),
    queryFn: ({ signal }) => said(api().GET('/api/v1/hubs/search', { params: { query: settled.value }, signal })),
  })
}
