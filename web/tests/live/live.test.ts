import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Client, Listener } from '@/api/client'
import { provideApi } from '@/api/here'
import { PATIENCE, SILENCE, useLive } from '@/live/live'

const asked: (number | null)[] = []
let listener: Listener
let stopped: number
let reply: (request: Request) => Promise<Response>

beforeEach(() => {
  setActivePinia(createPinia())
  asked.length = 0
  stopped = 0
  reply = () => Promise.reject(new Error('nothing is asked here'))
  const client: Client = {
    fetch: (request) => reply(request),
    listen: (since, given) => {
      asked.push(since)
      listener = given
      return () => void stopped++
    },
  }
  provideApi(client, 'http://localhost/')
  vi.useFakeTimers()
})
afterEach(() => void vi.useRealTimers())

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

const hang = (request: Request) => new Promise<Response>((_, refuse) => request.signal.addEventListener('abort', () => refuse(new Error('too late'))))

test('a service that hangs is lost, and live again when it answers', async () => {
  const live = useLive()
  live.start()
  listener.opened()
  reply = hang
  await vi.advanceTimersByTimeAsync(SILENCE + PATIENCE - 1)
  expect(live.connection).toBe('live')
  await vi.advanceTimersByTimeAsync(1)
  expect([live.connection, stopped]).toEqual(['lost', 1])
  await vi.advanceTimersByTimeAsync(500)
  listener.opened()
  expect([live.connection, asked.length]).toEqual(['live', 2])
})

test('a quiet service that answers stays live and is asked once in a while', async () => {
  const live = useLive()
  let questions = 0
  reply = async () => (questions++, Response.json({}, { status: 401 }))
  live.start()
  listener.opened()
  await vi.advanceTimersByTimeAsync(SILENCE / 2)
  listener.event({ number: 1, at: 0, kind: 'x', data: {} })
  await vi.advanceTimersByTimeAsync(SILENCE - 1)
  expect(questions).toBe(0)
  await vi.advanceTimersByTimeAsync(2 * SILENCE)
  expect([live.connection, questions, asked.length]).toEqual(['live', 2, 1])
})

test('who comes back to the page is told at once what is true', async () => {
  const live = useLive()
  live.start()
  listener.opened()
  live.again() // the line is refused
  await vi.advanceTimersByTimeAsync(0)
  expect(live.connection).toBe('lost')
})

test('a machine that slept listens anew instead of trusting its line', async () => {
  useLive().start()
  listener.opened()
  reply = async () => Response.json({})
  vi.setSystemTime(Date.now() + 3_600_000)
  await vi.advanceTimersByTimeAsync(SILENCE)
  expect(asked.length).toBe(2)
})
