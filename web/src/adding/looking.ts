import { useQuery } from '@tanstack/vue-query'
import { refDebounced } from '@vueuse/core'
import { computed, type MaybeRef, type Ref } from 'vue'
import { said, type Schemas } from '@/api/client'
import { api } from '@/api/here'

export type Offered = Schemas['ModelView']
export type OfferedFile = Offered['files'][number]
type Asking = { signal: AbortSignal }

/** Bytes of the files with these paths; of all when it is null. */
export const sizeOf = (files: readonly OfferedFile[], chosen: readonly string[] | null): number =>
  files.reduce((sum, file) => sum + (!chosen || chosen.includes(file.path) ? (file.size ?? 0) : 0), 0)

const SMALL = 2 ** 20

/** ComfyUI's folder that all large chosen files belong in; empty when their hub does not say, or says several. */
export function folderOf(files: readonly OfferedFile[], chosen: readonly string[] | null): string {
  const large = files.filter((file) => (!chosen || chosen.includes(file.path)) && (file.folder || (file.size ?? 0) > SMALL))
  const folders = new Set(large.map((file) => file.folder))
  return folders.size === 1 ? [...folders][0]! : ''
}

/** The question what a hub says about one address. */
export const askOffered = (address: string) => ({
  queryKey: ['hubs', 'model', address],
  retry: false as const,
  queryFn: ({ signal }: Asking) => said(api().GET('/api/v1/hubs/model', { params: { query: { address } }, signal })),
})

/** What a hub says about one address; nothing of the one before while it is typed. */
export function useOffered(address: Ref<string>) {
  const settled = refDebounced(address, 300)
  const asked = useQuery(computed(() => ({ ...askOffered(settled.value), enabled: settled.value !== '' })))
  const typed = computed(() => settled.value !== address.value)
  return {
    data: computed(() => (typed.value ? undefined : asked.data.value)),
    error: computed(() => (typed.value ? null : asked.error.value)),
    isLoading: computed(() => typed.value || asked.isLoading.value),
    refetch: asked.refetch,
  }
}

/** What the lines of a list would become, nothing queued yet. */
export function useListed(text: Ref<string>) {
  const settled = refDebounced(text, 300)
  return useQuery({
    queryKey: computed(() => ['batch', settled.value]),
    enabled: computed(() => settled.value !== ''),
    retry: false,
    queryFn: ({ signal }) => said(api().POST('/api/v1/tasks/batch', { body: { text: settled.value, try_only: true }, signal })),
  })
}

/** The question which folders models go to. */
export const ASK_PLACES = { queryKey: ['models', 'places'], queryFn: ({ signal }: Asking) => said(api().GET('/api/v1/roots', { signal })) }

/** Folders that models go to, and how much room their drives have. */
export const usePlaces = (wanted: MaybeRef<boolean> = true) => useQuery({ ...ASK_PLACES, enabled: wanted })

const AT_ONCE = 24

/**
 * The models that are here with each of some hashes; one that nobody has is not in it.
 *
 * A question per hash: so those of an offer are asked again only when it is opened, not at each model that a scan finds.
 * What `landed` is followed until it is here, see `live/following.ts`.
 */
export function useByHash(wanted: Ref<string[]>, about: 'here' | 'landed' = 'here') {
  const hashes = computed(() => [...new Set(wanted.value)])
  return useQuery({
    queryKey: computed(() => [about, hashes.value]),
    staleTime: 0,
    enabled: computed(() => hashes.value.length > 0),
    queryFn: async ({ signal }) => {
      const one = async (value: string) => [value, await said(api().GET('/api/v1/models/with-hash', { params: { query: { value } }, signal }))] as const
      const found: Awaited<ReturnType<typeof one>>[] = []
      const all = hashes.value
      for (let at = 0; at < all.length; at += AT_ONCE) found.push(...(await Promise.all(all.slice(at, at + AT_ONCE).map(one))))
      return new Map(found.filter(([, models]) => models.length))
    },
  })
}
