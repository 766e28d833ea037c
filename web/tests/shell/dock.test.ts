import { expect, test, vi } from 'vitest'
import Dock from '@/shell/dock.vue'
import { useNumbers } from '@/tasks/numbers'
import { drawn } from '../inside'

const counted = (counts: Record<string, number>) => drawn(() => Response.json({ tasks: [], next: null, counts }), Dock)

test('what rests or is still to come is in sight, too', async () => {
  const { at } = await counted({ paused: 2, queued: 1, waiting: 2, done: 9 })
  await vi.waitFor(() => expect(at.querySelector('a')?.textContent?.trim()).toBe('2 paused, 3 waiting'))
  expect(at.querySelector('a')!.hasAttribute('aria-label')).toBe(false) // it is called what it shows
})

test('what runs comes first', async () => {
  const { at } = await counted({ paused: 2, running: 1 })
  useNumbers().take([{ id: 1, done: 5, received: 5, size: 10, speed: 1, eta: null, stage: '', note: '', connections: 1, files: [] }])
  await vi.waitFor(() => expect(at.querySelector('a')?.textContent).toContain('50'))
  expect(at.textContent).not.toContain('2 paused')
})

test('where nothing is left to do there is no dock', async () => {
  const { at, queries } = await counted({ done: 9, failed: 1 })
  await vi.waitFor(() => expect(queries.getQueryData(['tasks', 'counts', ''])).toEqual({ done: 9, failed: 1 }))
  expect(at.querySelector('a')).toBe(null)
})
