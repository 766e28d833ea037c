import { describe, expect, it } from 'vitest'
import { byHub, daily, dayOf, totals } from '@/pages/history/figures'

const row = (day: string, hub: string, bytes: number, more: Partial<{ done: number; failed: number; cancelled: number; seconds: number }> = {}) => ({
  day,
  hub,
  kind: 'download',
  bytes,
  done: 1,
  failed: 0,
  cancelled: 0,
  seconds: 10,
  ...more,
})

describe('figures', () => {
  it('have every day, also those on which nothing happened', () => {
    const days = daily([row('2026-02-27', 'civitai', 5), row('2026-02-27', 'huggingface', 7), row('2026-03-01', 'civitai', 1)], '2026-02-26', '2026-03-01')
    expect(days.map(({ day, bytes, done }) => [day, bytes, done])).toEqual([
      ['2026-02-26', 0, 0],
      ['2026-02-27', 12, 2],
      ['2026-02-28', 0, 0],
      ['2026-03-01', 1, 1],
    ])
  })

  it('have one day after another where the clock is changed', () => {
    const days = daily([], '2026-03-20', '2026-04-10').map(({ day }) => day)
    expect(new Set(days).size).toBe(22)
    expect(days.at(-1)).toBe('2026-04-10')
  })

  it('leave out what lies outside of the span', () => {
    expect(daily([row('2026-01-01', 'civitai', 5)], '2026-01-02', '2026-01-02')[0]!.bytes).toBe(0)
  })

  it('name the hub first that gave most', () => {
    expect(byHub([row('2026-01-01', 'civitai', 5), row('2026-01-02', 'huggingface', 8), row('2026-01-02', 'civitai', 4)])).toEqual([
      { name: 'civitai', value: 9 },
      { name: 'huggingface', value: 8 },
    ])
  })

  it('count what a person cancelled neither as success nor as failure', () => {
    const sum = totals([row('2026-01-01', 'civitai', 100, { done: 3, failed: 1, cancelled: 9 })])
    expect(sum).toMatchObject({ success: 0.75, speed: 10, cancelled: 9 })
  })

  it('say nothing of success before anything ended', () => {
    expect(totals([])).toMatchObject({ success: null, speed: 0, bytes: 0 })
  })

  it('write days as the service does', () => {
    expect(dayOf(new Date(2026, 0, 5, 23, 59))).toBe('2026-01-05')
  })
})
