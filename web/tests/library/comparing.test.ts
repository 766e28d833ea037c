import { describe, expect, it } from 'vitest'
import { CUT, merged, verdictOf } from '@/pages/library/comparing'
import type { Comparison } from '@/models/queries'

const pair = (tensors: [string, unknown, unknown][]): Comparison => ({
  same_bytes: false,
  same_tensors: false,
  facts: [],
  metadata: [],
  tensors: tensors.map(([name, first, second]) => ({ name, first, second })),
  tensors_differ: tensors.length,
  tensors_alike: 0,
})

describe('some models beside the first', () => {
  it('have a value in each row, the first one’s where they do not differ from it', () => {
    expect(merged([pair([['a', 1, 2]]), pair([['b', 5, null]]), pair([['a', 1, 3]])], 'tensors')).toEqual([
      { name: 'a', values: [1, 2, 1, 3] },
      { name: 'b', values: [5, 5, null, 5] },
    ])
  })

  it('claim no sameness where a comparison was cut off', () => {
    const long = pair(Array.from({ length: 500 }, (_, at) => [`t${at}`, 1, 2]))
    expect(merged([pair([['x', 1, 2]]), long], 'tensors')[0]).toEqual({ name: 'x', values: [1, 2, CUT] })
  })

  it('are the same, nearly the same, different, or nobody knows', () => {
    const told = [[true, true], [false, true], [false, false], [null, null]] as const
    expect(told.map(([same_bytes, same_tensors]) => verdictOf({ same_bytes, same_tensors }))).toEqual(['sameBytes', 'sameTensors', 'different', 'unmeasured'])
  })
})
