import { describe, expect, it } from 'vitest'
import { filterOf, startOf } from '@/pages/history/filters'

describe("the history's filter", () => {
  it('is about downloads when the address says nothing', () => {
    expect(filterOf({})).toEqual({ kind: 'download' })
    expect(filterOf({ kind: 'any' })).toEqual({})
    expect(filterOf({ kind: 'verify' })).toEqual({ kind: 'verify' })
  })

  it('takes everything that the address tells', () => {
    expect(filterOf({ kind: 'any', state: 'failed', hub: 'civitai', find: 'flux', star: '1' })).toEqual({ state: ['failed'], hub: 'civitai', text: 'flux', favourite: true })
  })

  it('takes the whole last day in', () => {
    const { since, until } = filterOf({ since: '2026-11-20', until: '2026-11-21' })
    expect(until! - since!).toBe(2 * 86_400)
    expect(new Date(since! * 1000).getHours()).toBe(0)
  })

  it('passes over what no such filter is', () => {
    expect(filterOf({ state: 'running', since: 'yesterday', until: ['2026-11-20', '2026-11-21'] })).toEqual({ kind: 'download' })
    expect(startOf('2026-1-1')).toBeNull()
  })
})
