import { expect, test } from 'vitest'
import { bytes, percent } from '@/format/amounts'
import { span } from '@/format/times'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '0.98 KiB'],
  [1023 * 1024, '1 MiB'],
  [6.94e9, '6.46 GiB'],
  [null, '?'],
])('%s bytes are %s', (count, words) => expect(bytes(count)).toBe(words))

test('nothing is a hundred percent before it is whole', () => {
  expect(percent(999_999_999, 1_000_000_000)).toBe('99 %')
  expect(percent(1, 1)).toBe('100 %')
  expect(percent(5, null)).toBe('')
})

test.each([
  [0, '0:00'],
  [65, '1:05'],
  [7389, '2:03:09'],
])('%s seconds are %s', (seconds, words) => expect(span(seconds)).toBe(words))
