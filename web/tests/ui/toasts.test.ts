import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, test } from 'vitest'
import { useToasts } from '@/ui/toasts'

beforeEach(() => setActivePinia(createPinia()))
const texts = () => useToasts().shown.map(({ text }) => text)
const undo = { label: 'Undo', run: () => undefined }

test('the same words again push nothing out, but each undo stays its own', () => {
  const { tell } = useToasts()
  tell('Removed.', undo)
  for (let at = 0; at < 5; at++) tell('The disk is full.', undefined, 'bad')
  tell('Removed.', undo)
  expect(texts()).toEqual(['Removed.', 'The disk is full.', 'Removed.'])
})

test('what waits for a notice to leave is done once, whether it was closed or pushed out', () => {
  const { tell, drop } = useToasts()
  const left: string[] = []
  tell('a', undo, 'plain', () => left.push('a'))
  drop(useToasts().shown[0]!.id)
  expect(left).toEqual(['a'])
  for (const text of 'bcdef') tell(text, undo, 'plain', () => left.push(text))
  expect(left).toEqual(['a', 'b'])
  expect(texts()).toEqual(['c', 'd', 'e', 'f'])
})
