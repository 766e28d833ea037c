import { afterEach, expect, test, vi } from 'vitest'
import { useCopy } from '@/ui/copy'
import { useToasts } from '@/ui/toasts'
import { inside } from '../inside'

afterEach(() => vi.unstubAllGlobals())

async function copying(clipboard: unknown, taken: boolean) {
  vi.stubGlobal('navigator', { clipboard })
  const given: string[] = []
  document.execCommand = () => {
    if (!taken) return false
    const event = Object.assign(new Event('copy', { cancelable: true }), { clipboardData: { setData: (_: string, text: string) => given.push(text) } })
    return document.dispatchEvent(event)
  }
  const { got } = await inside(() => Response.json({}), () => ({ copy: useCopy(), toasts: useToasts() }))
  const done = await got.copy('a word')
  return { done, given, told: got.toasts.shown.map((toast) => toast.tone) }
}

test('text goes to the clipboard where the address is safe', async () => {
  const writeText = vi.fn(async () => undefined)
  expect(await copying({ writeText }, true)).toEqual({ done: true, given: [], told: ['plain'] })
  expect(writeText).toHaveBeenCalledWith('a word')
})

test('an address without a clipboard copies all the same', async () => {
  expect(await copying(undefined, true)).toEqual({ done: true, given: ['a word'], told: ['plain'] })
})

test('when nothing takes it, the page says so and does not claim it', async () => {
  expect(await copying(undefined, false)).toEqual({ done: false, given: [], told: ['bad'] })
})
