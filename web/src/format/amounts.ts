import { language } from '@/words'

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
const WRITERS = new Map<string, Intl.NumberFormat>()

/** Making a writer of numbers takes a thousand times as long as using it. */
function writer(name: string, options: Intl.NumberFormatOptions = {}): Intl.NumberFormat {
  const key = `${language()} ${name}`
  const made = WRITERS.get(key) ?? new Intl.NumberFormat(language(), options)
  WRITERS.set(key, made)
  return made
}

/** Bytes as people read them: three digits, binary units. */
export function bytes(count: number | null | undefined): string {
  if (count === null || count === undefined) return '?'
  let value = count
  let unit = 0
  for (; value >= 999.5 && unit < UNITS.length - 1; unit++) value /= 1024
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2
  return `${writer(`digits ${digits}`, { maximumFractionDigits: digits }).format(value)} ${UNITS[unit]}`
}

/** Bytes per second. */
export const speed = (perSecond: number): string => `${bytes(perSecond)}/s`

/** A whole number with separators. */
export const count = (value: number): string => writer('whole').format(value)

/** 7.3B, 860M: parameters of a model. */
export function parameters(value: number): string {
  return writer('compact', { notation: 'compact', maximumSignificantDigits: 3 }).format(value)
}

/** A share as a percentage, never 100 % before it is whole. */
export function percent(done: number, size: number | null | undefined): string {
  if (!size) return ''
  return `${done >= size ? 100 : Math.min(99, Math.floor((100 * done) / size))} %`
}
