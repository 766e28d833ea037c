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
  useNumbers().take([{ id: 1, done: 5, received: 5, size: 10, speed: 1, eta: null, stage: 'transferring', note: '', connections: 1, files: [] }])
  await vi.waitFor(() => expect(at.querySelector('a')?.textContent).toContain('50'))
  expect(at.textContent).not.toContain('2 paused')
})

test('steps of what is done for the library are not added to the bytes of downloads', async () => {
  const { at } = await counted({})
  const care = { id: 2, done: 3, received: 0, size: 4, speed: 0, eta: null, stage: 'working', note: 'Reads heads', connections: 0, files: [] }
  useNumbers().take([care])
  await vi.waitFor(() => expect(at.textContent).toContain('Reads heads'))
  expect(at.querySelector('a')!.getAttribute('href')).toContain('show=chores')
  expect(at.textContent).not.toMatch(/\d B|running/)
  useNumbers().take([care, { ...care, id: 1, done: 5, size: 10, stage: 'transferring' }])
  await vi.waitFor(() => expect(at.textContent).toContain('5 B / 10 B'))
  expect(at.textContent).toContain('1 running')
})

test('where nothing is left to do there is no dock', async () => {
  const { at, queries } = await counted({ done: 9, failed: 1 })
  await vi.waitFor(() => expect(queries.getQueryData(['tasks', 'counts', 'download'])).toEqual({ done: 9, failed: 1 }))
  expect(at.querySelector('a')).toBe(null)
})
