import type { Model } from '@/api/client'
import { bytes, parameters } from '@/format/amounts'
import { ago } from '@/format/times'
import type { Sort } from '@/models/filter'
import type { useLabels } from '@/models/labels'
import { baseOf, hubName } from '@/models/looks'

export interface Column {
  name: string
  /** Tailwind's words for how wide it is and from which screen on it is shown. */
  shape: string
  sort?: Sort
  value: (model: Model, labels: ReturnType<typeof useLabels>) => string
}

/** The columns of the table behind the title. */
export const COLUMNS: Column[] = [
  { name: 'kind', shape: 'w-28 max-sm:hidden', value: (model, labels) => labels.kind(model.kind) },
  { name: 'base', shape: 'w-28 max-md:hidden', value: baseOf },
  { name: 'dtype', shape: 'w-20 max-xl:hidden', value: (model) => model.quantisation || model.dtype },
  { name: 'parameters', shape: 'w-16 text-right max-2xl:hidden', value: (model) => (model.parameters ? parameters(model.parameters) : '') },
  { name: 'hub', shape: 'w-24 max-2xl:hidden', value: (model) => hubName(model.hub) },
  { name: 'size', shape: 'w-20 text-right', sort: 'size', value: (model) => bytes(model.size) },
  { name: 'added', shape: 'w-28 text-right max-lg:hidden', sort: 'added', value: (model) => ago(model.added) },
  { name: 'used', shape: 'w-28 text-right max-2xl:hidden', sort: 'used', value: (model) => (model.used ? ago(model.used) : '–') },
]
