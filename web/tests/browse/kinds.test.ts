import { expect, test } from 'vitest'
import { kindOf, pictureOf } from '@/pages/browse/kinds'

test.each([
  ['LORA', 'brush'],
  ['Checkpoint', 'cuboid'],
  ['TextualInversion', 'type'],
  ['text-to-image', 'image'],
  ['text-generation', 'message-square-text'],
  ['', 'box'],
])('%s has the picture %s', (kind, name) => expect(pictureOf(kind)).toBe(`icon-[lucide--${name}]`))

test('that a model is a model is not said', () => expect([kindOf('model'), kindOf('text-to-image')]).toEqual(['', 'text to image']))
