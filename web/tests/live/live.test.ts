import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, test, vi } from 'vitest'
import type { Client, Listener } from '@/api/client'
import { provideApi } from '@/api/here'
import { useLive } from '@/live/live'

const asked: (number | null)[] = []
let listener: Listener

beforeEach(() => {
  setActivePinia(createPinia())
  asked.length = 0
  const client: Client = {
    fetch: () => Promise.reject(new Error('nothing is asked here')),
    listen: (since, given) => {
      asked.push(since)
      listener = given
      return () => {}
    },
  }
  provideApi(client, 'http://localhost/')
  vi.useFakeTimers()
})

test('after a break it goes on behind the last event that it knows', () => {
  const live = useLive()
  live.start()
  listener.opened()
  listener.event({ number: 41, at: 0, kind: 'x', data: {} })
  listener.closed('')
  expect(live.connection).toBe('lost')
  vi.advanceTimersByTime(500)
  expect(asked).toEqual([null, 41])
  listener.opened()
  expect(live.connection).toBe('live')
})

test('it waits longer each time that nobody answers', () => {
  useLive().start()
  for (let tries = 0; tries < 3; tries++) {
    listener.closed('')
    vi.advanceTimersByTime(500 * 2 ** tries)
  }
  expect(asked.length).toBe(4)
})

test('a snapshot is what counts after a gap', () => {
  const live = useLive()
  const states: unknown[] = []
  live.onSnapshot.add((state) => states.push(state))
  live.start()
  listener.snapshot({ tasks: [] }, 99)
  listener.closed('')
  live.again()
  expect(states).toEqual([{ tasks: [] }])
  expect(asked.at(-1)).toBe(99)
})
