import type { Comparison } from '@/models/queries'

/** One thing that differs among some models, with its value in each of them. */
export interface Difference {
  name: string
  values: unknown[]
}

/** What stands where a comparison was cut off before this name. */
export const CUT = '…'
const MOST = 500

/** Comparisons of the first model with each other one, as rows with a value for every model. */
export function merged(pairs: Comparison[], part: 'metadata' | 'tensors'): Difference[] {
  const rows = new Map<string, unknown[]>()
  pairs.forEach((pair, at) => {
    for (const { name, first, second } of pair[part]) {
      const values = rows.get(name) ?? [first, ...pairs.map((other) => (other[part].length < MOST ? first : CUT))]
      values[at + 1] = second
      rows.set(name, values)
    }
  })
  return [...rows].map(([name, values]) => ({ name, values }))
}

export type Verdict = 'sameBytes' | 'sameTensors' | 'unmeasured' | 'different'

/** What is known of another model beside the first one. */
export function verdictOf({ same_bytes, same_tensors }: Pick<Comparison, 'same_bytes' | 'same_tensors'>): Verdict {
  if (same_bytes) return 'sameBytes'
  if (same_tensors) return 'sameTensors'
  return same_bytes === null ? 'unmeasured' : 'different'
}
