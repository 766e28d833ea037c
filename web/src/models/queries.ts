import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, onScopeDispose, shallowRef, watch, type Ref } from 'vue'
import { said, type Schemas } from '@/api/client'
import { api } from '@/api/here'
import { askedOf, type Filter } from './filter'
import { Shelf } from './shelf'

export const MODELS = ['models'] as const
export type Version = Schemas['VersionView']
export type Comparison = Schemas['Comparison']

/** How many models fit, and how many would with each value. */
export function useFacets(filter: Ref<Filter>, wanted: Ref<boolean>) {
  const which = computed(() => askedOf(filter.value).which)
  return useQuery({
    queryKey: computed(() => [...MODELS, 'facets', which.value]),
    placeholderData: keepPreviousData,
    enabled: wanted,
    queryFn: ({ signal }) => said(api().GET('/api/v1/models/facets', { params: { query: { ...which.value, tags: true } }, signal })),
  })
}

/** The list itself; `version` changes with whatever can be seen in it. The former list stands until the next one is here. */
export function useShelf(filter: Ref<Filter>, facets: ReturnType<typeof useFacets>) {
  const version = shallowRef(0)
  const key = computed(() => JSON.stringify(askedOf(filter.value)))
  let coming: Shelf | null = null
  const shelf = shallowRef(made())

  const count = () => {
    if (!coming && facets.data.value && !facets.isPlaceholderData.value) shelf.value.count(facets.data.value.total)
  }
  watch(key, () => {
    coming?.end()
    coming = made()
  })
  watch([shelf, facets.data, facets.isPlaceholderData], count, { immediate: true })
  // What made the counts old made the list old
  const counted = computed(() => JSON.stringify(askedOf(filter.value).which))
  watch([counted, facets.dataUpdatedAt], ([which, now], [before, then]) => which === before && now && then && shelf.value.stale())
  onScopeDispose(() => {
    coming?.end()
    shelf.value.end()
  })

  function made(): Shelf {
    const { which, order } = askedOf(filter.value)
    const fresh = new Shelf(
      (start, limit, signal) => said(api().GET('/api/v1/models', { params: { query: { ...which, ...order, ...start, limit } }, signal })),
      () => {
        version.value++
        if (coming !== fresh || !(fresh.ready || fresh.trouble)) return
        coming = null
        shelf.value.end()
        shelf.value = fresh
      },
    )
    fresh.want(0, 0)
    return fresh
  }

  return { shelf, version }
}

/** One model with everything that is known of it. */
export function useModel(id: Ref<number | null>) {
  return useQuery({
    queryKey: computed(() => [...MODELS, 'one', id.value] as const),
    enabled: computed(() => id.value !== null),
    // The key says whose answer this becomes: `id` may be another one by now
    queryFn: ({ signal, queryKey }) => said(api().GET('/api/v1/models/{id}', { params: { path: { id: queryKey[2]! } }, signal })),
  })
}

/** On which days it was used, the latest first; programs reported it. */
export function useDays(id: Ref<number>, wanted: Ref<boolean>) {
  return useQuery({
    queryKey: computed(() => [...MODELS, 'uses', id.value]),
    enabled: wanted,
    queryFn: async ({ signal }) => (await said(api().GET('/api/v1/models/{id}/uses', { params: { path: { id: id.value } }, signal }))).days,
  })
}

/** Its versions at its hub; asks the hub, so only when somebody looks. */
export function useVersions(id: Ref<number>, looking: Ref<boolean>) {
  return useQuery({
    queryKey: computed(() => ['hubs', 'versions', id.value]),
    enabled: looking,
    retry: false,
    queryFn: ({ signal }) => said(api().GET('/api/v1/models/{id}/versions', { params: { path: { id: id.value } }, signal })),
  })
}

/** Newer versions that were found of what is here, by model; nobody asks a hub for this. */
export function useNewer() {
  return useQuery({
    queryKey: [...MODELS, 'newer'],
    queryFn: async ({ signal }) => new Map((await said(api().GET('/api/v1/newer', { params: { query: {} }, signal }))).reverse().map((each) => [each.model, each])),
  })
}

/** The first of some models beside each of the others. */
export function useComparisons(ids: Ref<number[]>) {
  return useQuery({
    queryKey: computed(() => [...MODELS, 'compare', ids.value]),
    queryFn: async ({ signal }) => {
      const [first, ...others] = ids.value
      const asked = others.map(async (second) => said(api().GET('/api/v1/compare', { params: { query: { first: first!, second } }, signal })))
      const models = ids.value.map(async (id) => (await said(api().GET('/api/v1/models/{id}', { params: { path: { id } }, signal }))).model)
      return { models: await Promise.all(models), pairs: await Promise.all(asked) }
    },
  })
}
