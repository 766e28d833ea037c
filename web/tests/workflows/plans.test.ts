import { describe, expect, it } from 'vitest'
import { fixedName, merged, sumsOf, type Plan, type Planned } from '@/pages/workflows/plans'

const model = (name: string, state: Planned['state'], more: Partial<Planned> = {}): Planned => ({ name, directory: 'loras', state, ...more })
const plan = (...models: Planned[]): Plan => ({ models, needed: [], declared_not_needed: [], mentioned: [], problems: [], notes: ['n'], room: [{ folder: '/m', needed: 1, free: 2, fits: true }], bytes: 0, unknown_sizes: 0, complete: false, format: 'ui', container: 'json' })
const fetched = { address: 'hf:a/b', target: '/m/b', size: 100 }

describe('a plan', () => {
  it('sums what is to fetch, and says when a size is a guess', () => {
    const sums = sumsOf(plan(model('a', 'here'), model('b', 'found', fetched), model('c', 'gated', fetched), model('d', 'found', { ...fetched, target: '' })))
    expect(sums).toMatchObject({ ready: 1, bytes: 100, rounded: false, names: false })
    expect(sums.fetch.map(({ name }) => name)).toEqual(['b'])
    expect(sumsOf(plan(model('b', 'found', { ...fetched, size: undefined }))).rounded).toBe(true)
  })

  it('offers to fix names only where they differ for sure', () => {
    expect(sumsOf(plan(model('a', 'likely', { lists_as: 'x' }), model('b', 'renamed'))).names).toBe(false)
    expect(sumsOf(plan(model('a', 'renamed', { lists_as: 'x' }))).names).toBe(true)
  })

  it('keeps what hubs said of the rest when only this machine was looked at', () => {
    const before = plan(model('a', 'found', fetched), model('b', 'gated'), model('c', 'here'))
    const now = { ...plan(model('a', 'here'), model('b', 'unresolved'), model('c', 'unresolved')), room: [], notes: [] }
    const told = merged(before, now)
    expect(told.models.map(({ state }) => state)).toEqual(['here', 'gated', 'unresolved'])
    expect([told.room, told.notes]).toEqual([before.room, before.notes])
    expect(merged(null, now)).toBe(now)
  })

  it('names the fixed file beside the old one', () => {
    expect(['a.json', 'a.b.png', 'plain', '.json'].map(fixedName)).toEqual(['a.fixed.json', 'a.b.fixed.png', 'plain.fixed', '.json.fixed'])
  })
})
