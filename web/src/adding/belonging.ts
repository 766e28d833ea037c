import { useQueryClient } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import type { Schemas } from '@/api/client'
import { ASK_PLACES, askOffered, folderOf, useOffered, usePlaces, type Offered } from './looking'

/** So long a download waits for its hub to say where it belongs; then it goes where those go of which nobody knows. */
export const PATIENCE = 5_000

/** The first folder that may be written of the kind that the chosen files are of; empty where there is none. */
function belongsIn(offered: Offered | undefined, chosen: readonly string[] | null, places: Schemas['Places'] | undefined): string {
  const folder = folderOf(offered?.files ?? [], chosen)
  const root = folder && places?.roots.find((each) => each.folder === folder && !each.read_only && each.there)
  return root ? `${root.path}/` : ''
}

/** What one address offers, and the folder that it belongs in: as far as it is known, and by `known` as soon as it is. */
export function useBelonging(address: Ref<string>, chosen: Ref<string[] | null>, wanted: Ref<boolean>) {
  const queries = useQueryClient()
  const offered = useOffered(address)
  const places = usePlaces(wanted)
  const folder = computed(() => belongsIn(offered.data.value, chosen.value, places.data.value))

  /** The answer that is there, or the one under way; none where it failed. */
  async function answered<T>(ask: { queryKey: string[]; queryFn: (asking: { signal: AbortSignal }) => Promise<T> }): Promise<T | undefined> {
    if (queries.getQueryState(ask.queryKey)?.status === 'error') return queries.getQueryData<T>(ask.queryKey)
    return queries.ensureQueryData(ask).catch(() => undefined) // its view tells why
  }

  /** The folder, empty for the usual one; `late` when that is because nobody answered in time. */
  async function known(): Promise<{ folder: string; late: boolean }> {
    if (!address.value) return { folder: '', late: false }
    const both = Promise.all([answered(askOffered(address.value)), answered(ASK_PLACES)])
    const told = await Promise.race([both, new Promise<undefined>((late) => setTimeout(late, PATIENCE))])
    return { folder: belongsIn(told?.[0], chosen.value, told?.[1]), late: !told }
  }

  return { offered, places, folder, known }
}
