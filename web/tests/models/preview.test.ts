import { cleanup, fireEvent, render } from '@testing-library/vue'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { provideApi } from '@/api/here'
import { MockClient } from '@/demo/client'
import { blurFrom, revealed } from '@/models/nsfw'
import Preview from '@/models/preview.vue'
import { makeWords } from '@/words'

afterEach(cleanup)
beforeEach(() => {
  revealed.clear()
  blurFrom.value = 'mature'
})

async function shown(more: object, lively = false) {
  setActivePinia(createPinia())
  const client = new MockClient(0)
  provideApi(client, 'http://localhost/')
  const model = { ...client.yard.models[0]!, ...more }
  return { client, ...render(Preview, { props: { model, lively }, global: { plugins: [await makeWords('en')] } }) }
}

test('what is explicit is blurred until somebody wants to see it', async () => {
  const view = await shown({ nsfw: 8, preview: 'a.png' })
  await expect.poll(() => view.container.querySelector('img')?.className).toContain('blur-2xl')
  await fireEvent.click(view.getByRole('button'))
  expect(view.container.querySelector('img')!.className).not.toContain('blur')
  expect(view.queryByRole('button')).toBeNull()
})

test.each([
  ['what is for all', 1, 'mature'],
  ['everything, where nothing shall be blurred', 32, 'off'],
] as const)('%s is clear', async (_, nsfw, level) => {
  blurFrom.value = level
  const view = await shown({ nsfw, preview: 'a.png' })
  await expect.poll(() => view.container.querySelector('img')).toBeTruthy()
  expect(view.container.querySelector('img')!.className).not.toContain('blur')
})

test('a video plays while somebody points at it, and not while it is blurred', async () => {
  const view = await shown({ nsfw: 0, preview: 'a.mp4' }, true)
  await expect.poll(() => view.container.querySelector('video')).toBeTruthy()
  await view.rerender({ lively: false })
  expect(view.container.querySelector('video')).toBeNull()
  const hidden = await shown({ nsfw: 16, preview: 'a.mp4' }, true)
  await expect.poll(() => hidden.container.querySelector('img')).toBeTruthy()
  expect(hidden.container.querySelector('video')).toBeNull()
})
