import { describe, expect, it } from 'vitest'
import { askedOf, chipsOf, emptied, filterOf, flipped, queryOf, stateOf, toggled, without, type Filter } from '@/models/filter'

const full: Filter = {
  ...filterOf({}),
  kind: ['lora', 'vae'],
  tag: ['ink'],
  base: [''],
  text: 'a b',
  favourite: true,
  place: 'style/x',
  group: 'Studio A',
  root: ['/models/loras'],
  rating: 3,
  exclude: ['family:sdxl', 'tag:a:b'],
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
    const filter = filterOf({ sort: 'nonsense', rating: '99', exclude: ['without:hub', 'colour:red', 'kind'], kind: 'lora', find: [null, 'x'] })
    expect(filter).toMatchObject({ sort: 'title', rating: 0, exclude: [], kind: ['lora'], text: 'x' })
  })

  it('asks the service only for what was chosen', () => {
    expect(askedOf(filterOf({ kind: 'lora' }))).toEqual({ which: { kind: ['lora'], without: [] }, order: { sort: 'title', descending: false } })
  })
})

describe('chips', () => {
  it('show every part, and each takes its own away', () => {
    const chips = chipsOf(full)
    expect(chips).toHaveLength(12)
    const left = chips.reduce((filter, chip) => without(filter, chip), full)
    expect(left).toEqual(emptied(full))
  })

  it('take the place in a root away with the root', () => {
    expect(without(full, { name: 'root', value: '/models/loras' }).place).toBe('')
  })

  it('a value is asked for, then left out, then neither', () => {
    const steps = [filterOf({})]
    for (let turn = 0; turn < 3; turn++) steps.push(toggled(steps.at(-1)!, 'kind', 'lora'))
    expect(steps.map((filter) => stateOf(filter, 'kind', 'lora'))).toEqual(['', 'in', 'out', ''])
    expect(askedOf(steps[2]!).which).toEqual({ without: [], exclude: ['kind:lora'] })
    expect(steps[3]).toEqual(steps[0])
  })

  it('what lacks something cannot lack its lack', () => {
    const once = toggled(filterOf({}), 'without', 'hub')
    expect(toggled(once, 'without', 'hub')).toEqual(filterOf({}))
  })

  it('are turned round and back', () => {
    const chip = { name: 'tag' as const, value: 'a:b' }
    const before = filterOf({ tag: 'a:b' })
    const round = flipped(before, chip)
    expect(chipsOf(round)).toEqual([{ ...chip, out: true }])
    expect(flipped(round, chipsOf(round)[0]!)).toEqual(before)
  })
})
