import { describe, expect, it } from 'vitest'
import { askedOf, chipsOf, emptied, filterOf, queryOf, toggled, without, type Filter } from '@/models/filter'

const full: Filter = {
  ...filterOf({}),
  kind: ['lora', 'vae'],
  tag: ['ink'],
  base: [''],
  text: 'a b',
  favourite: true,
  place: 'style/x',
  root: ['/models/loras'],
  rating: 3,
  sort: 'size',
  descending: true,
}

describe('a filter in the address', () => {
  it('comes back as it went', () => {
    const query = JSON.parse(JSON.stringify(queryOf(full)))
    expect(filterOf(query)).toEqual(full)
  })

  it('leaves no trace when it says nothing', () => {
    expect(JSON.parse(JSON.stringify(queryOf(filterOf({}))))).toEqual({})
  })

  it('reads what somebody wrote by hand without trusting it', () => {
    const filter = filterOf({ sort: 'nonsense', rating: '99', kind: 'lora', find: [null, 'x'] })
    expect(filter).toMatchObject({ sort: 'title', rating: 0, kind: ['lora'], text: 'x' })
  })

  it('asks the service only for what was chosen', () => {
    expect(askedOf(filterOf({ kind: 'lora' }))).toEqual({ which: { kind: ['lora'], without: [] }, order: { sort: 'title', descending: false } })
  })
})

describe('chips', () => {
  it('show every part, and each takes its own away', () => {
    const chips = chipsOf(full)
    expect(chips).toHaveLength(9)
    const left = chips.reduce((filter, chip) => without(filter, chip), full)
    expect(left).toEqual(emptied(full))
  })

  it('take the place in a root away with the root', () => {
    expect(without(full, { name: 'root', value: '/models/loras' }).place).toBe('')
  })

  it('a value that is toggled twice is gone', () => {
    const once = toggled(filterOf({}), 'kind', 'lora')
    expect(once.kind).toEqual(['lora'])
    expect(toggled(once, 'kind', 'lora').kind).toEqual([])
  })
})
