import { expect, test } from 'vitest'
import { isProven, placeOf } from '@/tasks/landed'

const brought = (...paths: string[]) => ({ result: { files: paths.map((path) => ({ path, size: 1, verified: path.includes('ink') })) } })

test('one file lies where it lies, several in the folder that holds them all', () => {
  expect(placeOf(brought('/models/loras/ink.safetensors'))).toBe('/models/loras/ink.safetensors')
  expect(placeOf(brought('/models/flux/a.json', '/models/flux/vae/b.json', '/models/flux2/c.json'))).toBe('/models/')
  expect(placeOf(brought('C:\\models\\a.json', 'C:\\models\\b.json'))).toBe('C:\\models\\')
  expect(placeOf({ result: null })).toBe('')
})

test('a download is proven when each of its files is', () => {
  expect(isProven(brought('/ink', '/ink2'))).toBe(true)
  expect(isProven(brought('/ink', '/other'))).toBe(false)
})
