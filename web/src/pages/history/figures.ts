import type { Got } from '@/api/client'
import { startOf } from './filters'

type Day = Got<'/api/v1/statistics'>['days'][number]

/** One day of the charts. */
export interface DayFigures {
  day: string
  at: number
  bytes: number
  seconds: number
  done: number
  failed: number
}

export interface Share {
  name: string
  value: number
}

/** A local day as the service writes it. */
export function dayOf(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/** Every day from the first to the last, also those on which nothing happened. */
export function daily(rows: readonly Day[], first: string, last: string): DayFigures[] {
  const days = new Map<string, DayFigures>()
  for (let at = startOf(first)!, step = 0; at <= startOf(last)!; at = startOf(first, ++step)!) {
    const day = dayOf(new Date(at * 1000))
    days.set(day, { day, at, bytes: 0, seconds: 0, done: 0, failed: 0 })
  }
  for (const row of rows) {
    const into = days.get(row.day)
    if (!into) continue
    for (const name of ['bytes', 'seconds', 'done', 'failed'] as const) into[name] += row[name]
  }
  return [...days.values()]
}

/** How much came from each hub, the largest first. */
export function byHub(rows: readonly Day[]): Share[] {
  const sums = new Map<string, number>()
  for (const row of rows) sums.set(row.hub, (sums.get(row.hub) ?? 0) + row.bytes)
  return [...sums].map(([name, value]) => ({ name, value })).sort((one, other) => other.value - one.value)
}

export interface Totals {
  bytes: number
  done: number
  failed: number
  cancelled: number
  /** Bytes per second while something ran; 0 when nothing did. */
  speed: number
  /** Share of what ended well, 0 to 1; null when nothing ended. What a person cancelled counts as neither. */
  success: number | null
}

export function totals(rows: readonly Day[]): Totals {
  const sum = (name: 'bytes' | 'seconds' | 'done' | 'failed' | 'cancelled') => rows.reduce((all, row) => all + row[name], 0)
  const [bytes, seconds, done, failed] = [sum('bytes'), sum('seconds'), sum('done'), sum('failed')]
  return { bytes, done, failed, cancelled: sum('cancelled'), speed: seconds ? bytes / seconds : 0, success: done + failed ? done / (done + failed) : null }
}
