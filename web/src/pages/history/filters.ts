import type { LocationQuery } from 'vue-router'
import type { Filter } from './entries'

export const STATES = ['done', 'failed', 'cancelled'] as const
export const KINDS = ['download', 'scan', 'verify', 'measure', 'refresh', 'dedupe', 'versions', 'move', 'import', 'link', 'upkeep'] as const

/** The filter that the address tells: downloads, when it says nothing else. Days are local ones, and `until` takes its whole day in. */
export function filterOf(query: LocationQuery): Filter {
  const text = (name: string) => (typeof query[name] === 'string' ? (query[name] as string) : '')
  const state = STATES.find((each) => each === text('state'))
  return {
    ...(state && { state: [state] }),
    ...(text('hub') && { hub: text('hub') }),
    ...(text('kind') !== 'any' && { kind: text('kind') || 'download' }),
    ...(text('find') && { text: text('find') }),
    ...(text('star') && { favourite: true }),
    ...(startOf(text('since')) !== null && { since: startOf(text('since'))! }),
    ...(startOf(text('until'), 1) !== null && { until: startOf(text('until'), 1)! }),
  }
}

/** Seconds since 1970 at which a local day (`2026-11-21`) begins, or one some days later; null when it is none. */
export function startOf(day: string, later = 0): number | null {
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day)?.map(Number) ?? []
  return year && month && date ? new Date(year, month - 1, date + later).getTime() / 1000 : null
}
