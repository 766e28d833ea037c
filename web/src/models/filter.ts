import type { LocationQuery, LocationQueryRaw } from 'vue-router'

/** Columns that models are counted by, in the order in which they are shown. */
export const FACETS = ['kind', 'family', 'base', 'health', 'tag', 'category', 'hub', 'format', 'dtype', 'completeness', 'without', 'folder', 'root'] as const
export type Facet = (typeof FACETS)[number]
/** Columns of which a value can be left out: `without` says that already, and a category is left out as the tag that it is. */
export const isExcludable = (name: string): name is Facet => !['without', 'category'].includes(name) && FACETS.includes(name as Facet)
export const SORTS = ['title', 'added', 'modified', 'size', 'used', 'uses', 'rating'] as const
export type Sort = (typeof SORTS)[number]

/** Which models, in which order: what stands in the address of the library. */
export type Filter = { text: string; favourite: boolean; place: string; group: string; rating: number; exclude: string[]; sort: Sort; descending: boolean } & Record<Facet, string[]>

const all = (value: LocationQuery[string] | undefined): string[] => [value ?? []].flat().filter((each) => each !== null)
const one = (value: LocationQuery[string] | undefined): string => all(value)[0] ?? ''

export function filterOf(query: LocationQuery): Filter {
  const lists = Object.fromEntries(FACETS.map((name) => [name, all(query[name])])) as Record<Facet, string[]>
  const sort = one(query.sort) as Sort
  const rating = Number(one(query.rating))
  return {
    ...lists,
    text: one(query.find),
    favourite: query.favourite !== undefined,
    place: one(query.place),
    group: one(query.group),
    rating: Number.isInteger(rating) && rating >= 0 && rating <= 5 ? rating : 0,
    exclude: all(query.exclude).filter((each) => isExcludable(each.split(':')[0]!) && each.includes(':')),
    sort: SORTS.includes(sort) ? sort : 'title',
    descending: query.down !== undefined,
  }
}

/** The filter's part of an address; what says nothing is left out. */
export function queryOf(filter: Filter): LocationQueryRaw {
  return {
    ...Object.fromEntries(FACETS.map((name) => [name, filter[name].length ? filter[name] : undefined])),
    find: filter.text || undefined,
    favourite: filter.favourite ? '1' : undefined,
    place: filter.place || undefined,
    group: filter.group || undefined,
    rating: filter.rating ? String(filter.rating) : undefined,
    exclude: filter.exclude.length ? filter.exclude : undefined,
    sort: filter.sort === 'title' ? undefined : filter.sort,
    down: filter.descending ? '1' : undefined,
  }
}

/** What the service is asked. */
export function askedOf({ text, favourite, place, group, rating, exclude, sort, descending, ...lists }: Filter) {
  const without = lists.without as ('preview' | 'hub' | 'sha256')[]
  const said = Object.fromEntries(Object.entries(lists).filter(([, values]) => values.length)) as Partial<Record<Facet, string[]>>
  return {
    which: { ...said, without, ...(text && { text }), ...(favourite && { favourite }), ...(place && { place }), ...(group && { group }), ...(rating && { rating }), ...(exclude.length && { exclude }) },
    order: { sort, descending },
  }
}

export interface Chip {
  name: Facet | 'text' | 'favourite' | 'place' | 'group' | 'rating'
  value: string
  /** Models with it are left out. */
  out?: boolean
}

/** How a value that is left out is written: `kind:lora`. */
const outOf = (name: string, value: string): string => `${name}:${value}`

/** Each part of a filter, to be shown and taken away. */
export function chipsOf(filter: Filter): Chip[] {
  return [
    ...(filter.text ? [{ name: 'text' as const, value: filter.text }] : []),
    ...(filter.favourite ? [{ name: 'favourite' as const, value: '' }] : []),
    ...(filter.rating ? [{ name: 'rating' as const, value: String(filter.rating) }] : []),
    ...(filter.place ? [{ name: 'place' as const, value: filter.place }] : []),
    ...(filter.group ? [{ name: 'group' as const, value: filter.group }] : []),
    ...FACETS.flatMap((name) => filter[name].map((value) => ({ name, value }))),
    ...filter.exclude.map((each) => ({ name: each.slice(0, each.indexOf(':')) as Facet, value: each.slice(each.indexOf(':') + 1), out: true })),
  ]
}

export function without(filter: Filter, { name, value, out }: Chip): Filter {
  if (out) return { ...filter, exclude: filter.exclude.filter((each) => each !== outOf(name, value)) }
  if (name === 'text' || name === 'place' || name === 'group') return { ...filter, [name]: '' }
  if (name === 'favourite') return { ...filter, favourite: false }
  if (name === 'rating') return { ...filter, rating: 0 }
  // A place lies in one root: without the root it would be any folder of that name
  return { ...filter, [name]: filter[name].filter((each) => each !== value), ...(name === 'root' && { place: '' }) }
}

/** Whether a value is asked for, left out, or neither. */
export function stateOf(filter: Filter, name: Facet, value: string): 'in' | 'out' | '' {
  if (filter[name].includes(value)) return 'in'
  return filter.exclude.includes(outOf(name, value)) ? 'out' : ''
}

/** A value once more: asked for, then left out, then neither. */
export function toggled(filter: Filter, name: Facet, value: string): Filter {
  const state = stateOf(filter, name, value)
  if (state === 'out') return without(filter, { name, value, out: true })
  if (state === '') return { ...filter, [name]: [...filter[name], value] }
  const left = without(filter, { name, value })
  return isExcludable(name) ? { ...left, exclude: [...left.exclude, outOf(name, value)] } : left
}

/** A chip the other way round: what was asked for is left out, what was left out is asked for. */
export function flipped(filter: Filter, chip: Chip): Filter {
  if (!isExcludable(chip.name)) return filter
  const left = without(filter, chip)
  return chip.out ? { ...left, [chip.name]: [...left[chip.name], chip.value] } : { ...left, exclude: [...left.exclude, outOf(chip.name, chip.value)] }
}

/** The same order, nothing left out. */
export const emptied = (filter: Filter): Filter => ({ ...filterOf({}), sort: filter.sort, descending: filter.descending })
