import { language } from '@/words'

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]

const WRITERS = new Map<string, Intl.RelativeTimeFormat>()

/** Seconds since 1970 as "3 minutes ago". */
export function ago(seconds: number, now = Date.now() / 1000): string {
  const words = WRITERS.get(language()) ?? new Intl.RelativeTimeFormat(language(), { numeric: 'auto' })
  WRITERS.set(language(), words)
  const distance = seconds - now
  for (const [unit, length] of STEPS) {
    if (Math.abs(distance) >= length) return words.format(Math.round(distance / length), unit)
  }
  return words.format(0, 'second')
}

/** Seconds since 1970 as a date with its time. */
export function moment(seconds: number): string {
  return new Date(seconds * 1000).toLocaleString(language(), { dateStyle: 'medium', timeStyle: 'short' })
}

/** A span: 1:05, 2:03:09. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}
