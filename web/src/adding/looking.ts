import { useQuery } from '@tanstack/vue-query'
import { refDebounced } from '@vueuse/core'
import { computed, type MaybeRef, type Ref } from 'vue'
import { said, type Schemas } from '@/api/client'
import { api } from '@/api/here'

export type Offered = Schemas['ModelView']
export type OfferedFile = Offered['files'][number]

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

/** What a hub says about one address. */
export function useOffered(address: Ref<string>) {
  const settled = refDebounced(address, 300)
  return useQuery({
    queryKey: computed(() => ['hubs', 'model', settled.value]),
    enabled: computed(() => settled.value !== ''),
    retry: false,
    queryFn: ({ signal }) => said(api().GET('/api/v1/hubs/model', { params: { query: { address: settled.value } }, signal })),
  })
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

/** Folders that models go to, and how much room their drives have. */
export function usePlaces(wanted: MaybeRef<boolean> = true) {
  return useQuery({ queryKey: ['models', 'places'], enabled: wanted, queryFn: ({ signal }) => said(api().GET('/api/v1/roots', { signal })) })
}

const AT_ONCE = 24

/** The models that are here with each of some hashes; one that nobody has is not in it. */
export function useByHash(wanted: Ref<string[]>) {
  const hashes = computed(() => [...new Set(wanted.value)])
  return useQuery({
    queryKey: computed(() => ['models', 'here', hashes.value]),
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
