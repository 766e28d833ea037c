import { useQuery } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { said, type Schemas } from '@/api/client'
import { api } from '@/api/here'
import type { askedOf } from './filter'
import { MODELS } from './queries'

export interface Folder {
  name: string
  /** Relative to its root, with `/`. */
  place: string
  models: number
  size: number
  folders: Folder[]
}

/** Folders as a tree; each stands before those in it. */
export function treeOf(folders: readonly Schemas['FolderCount'][]): Folder[] {
  const top: Folder[] = []
  const known = new Map<string, Folder>()
  for (const { place, models, size } of folders) {
    const cut = place.lastIndexOf('/')
    const folder = { name: place.slice(cut + 1), place, models, size, folders: [] }
    known.set(place, folder)
    const beside = cut < 0 ? top : known.get(place.slice(0, cut))?.folders
    beside?.push(folder)
  }
  const sort = (list: Folder[]) => {
    list.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }))
    for (const each of list) sort(each.folders)
  }
  sort(top)
  return top
}

/** The folders below a root with what fits in them; `whole` says whether these are all. */
export function useFolders(root: Ref<string>, open: Ref<boolean>, which: Ref<Partial<ReturnType<typeof askedOf>['which']>>) {
  const query = computed(() => ({ ...which.value, root: [root.value], place: '' }))
  return useQuery<{ folders: Folder[]; whole: boolean }>({
    queryKey: computed(() => [...MODELS, 'folders', query.value]),
    enabled: open,
    staleTime: 60_000,
    placeholderData: (before, asked) => ((asked?.queryKey[2] as { root?: string[] } | undefined)?.root?.[0] === root.value ? before : undefined),
    queryFn: async ({ signal }) => {
      const { folders, whole } = await said(api().GET('/api/v1/models/folders', { params: { query: query.value }, signal }))
      return { folders: treeOf(folders), whole }
    },
  })
}
