import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { useEndings } from '@/live/endings'
import { useToasts } from '@/ui/toasts'
import { inside } from '../inside'

const named = (title: string, verified = true) => ({ id: 7, kind: 'download', title, error: null, result: { files: [{ verified: true }, { verified }] } })
const wrong = (message: string) => ({ id: 7, kind: 'download', title: '', error: { code: 'bad-address', message, hint: 'See `modelyard --help`.', retryable: false } })
const texts = () => useToasts().shown.map((toast) => toast.text)

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('one or two that end are told by name, in the page\'s own words', async () => {
  const { got } = await inside(() => Response.json({}), useEndings)
  got.done(named('ink'))
  got.failed(wrong('"x" is no address.'))
  expect(texts()).toEqual([])
  vi.advanceTimersByTime(1000)
  expect(texts()).toEqual(['ink arrived, and is proven.', expect.stringContaining('"x" is no address. Paste a model page')])
  expect(texts().join()).not.toContain('modelyard --help')
})

test('what had nothing to be compared with is not called proven', async () => {
  const { got } = await inside(() => Response.json({}), useEndings)
  got.done(named('ink', false))
  vi.advanceTimersByTime(1000)
  expect(texts()).toEqual(['ink arrived. Nobody says what its hash should be, so it is not proven.'])
  for (let at = 0; at < 3; at++) got.done(named(String(at), at > 0))
  vi.advanceTimersByTime(8000)
  expect(texts()).toContain('3 downloads arrived; for 1 of them nobody says what the hash should be.')
})

test('250 that fail within some seconds are one sentence, and at most one more every eight seconds', async () => {
  const { got } = await inside(() => Response.json({}), useEndings)
  for (let at = 0; at < 250; at++) {
    got.failed(wrong(String(at)))
    vi.advanceTimersByTime(20)
  }
  vi.advanceTimersByTime(8000)
  expect(texts()).toHaveLength(2)
  const counted = texts().map((text) => Number(/^(\d+) tasks failed\.$/.exec(text)![1]))
  expect(counted.reduce((sum, each) => sum + each)).toBe(250)
  expect(useToasts().shown.every((toast) => toast.tone === 'bad' && toast.action?.label === 'Show')).toBe(true)
})
