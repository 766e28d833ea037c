import { useQuery } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { said } from '@/api/client'
import { api } from '@/api/here'
import { MODELS } from './queries'

export interface Folder {
  name: string
  /** Relative to its root, with `/`. */
  place: string
  count: number
  folders: Folder[]
}

const PAGES = 5
const LIMIT = 1000

/** The folders that models lie in, each with how many lie below it. */
export function treeOf(places: readonly string[]): Folder[] {
  const top: Folder = { name: '', place: '', count: 0, folders: [] }
  for (const place of places) {
    let here = top
    for (const name of place.split('/').slice(0, -1)) {
      let next = here.folders.find((each) => each.name === name)
      if (!next) here.folders.push((next = { name, place: here.place ? `${here.place}/${name}` : name, count: 0, folders: [] }))
      next.count++
      here = next
    }
  }
  const sort = (folders: Folder[]) => {
    folders.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }))
    for (const each of folders) sort(each.folders)
  }
  sort(top.folders)
  return top.folders
}

/** The folders below a root, of its first few thousand models; `whole` says whether these were all. */
export function useFolders(root: Ref<string>, open: Ref<boolean>) {
  return useQuery({
    queryKey: computed(() => [...MODELS, 'folders', root.value]),
    enabled: open,
    staleTime: 300_000,
    queryFn: async ({ signal }) => {
      const places: string[] = []
      let after = ''
      for (let page = 0; page < PAGES; page++) {
        const found = await said(api().GET('/api/v1/models', { params: { query: { root: [root.value], limit: LIMIT, ...(after && { after }) } }, signal }))
        places.push(...found.models.map((model) => model.place))
        if (found.next === null) return { folders: treeOf(places), whole: true }
        after = found.next
      }
      return { folders: treeOf(places), whole: false }
    },
  })
}
