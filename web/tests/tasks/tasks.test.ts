import { QueryClient } from '@tanstack/vue-query'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, test } from 'vitest'
import type { State, Task } from '@/api/client'
import { deeds, patchTasks } from '@/tasks/deeds'
import { useNumbers, type Numbers } from '@/tasks/numbers'
import { TASKS, type Pages } from '@/tasks/tasks'

beforeEach(() => setActivePinia(createPinia()))

const numbers = (id: number, speed = 1): Numbers => ({ id, done: 1, received: 1, size: 2, speed, eta: null, stage: 'transferring', note: '', connections: 1, files: [] })
const task = (id: number, state: State) => ({ id, state }) as Task

test('each state allows what the service allows', () => {
  expect(deeds('running')).toEqual(['pause', 'cancel'])
  expect(deeds('paused')).toEqual(['resume', 'cancel'])
  expect(deeds('failed')).toEqual(['retry'])
  expect(deeds('done')).toEqual([])
})

test('what no longer runs has no numbers, and the speed is the sum', () => {
  const store = useNumbers()
  store.take([numbers(1, 10), numbers(2, 5)])
  expect(store.speed).toBe(15)
  store.take([numbers(2, 7)])
  expect([...store.of.keys()]).toEqual([2])
  store.end(2)
  expect(store.speed).toBe(0)
})

test('a task that has only begun has no numbers to add up', () => {
  const store = useNumbers()
  store.take([numbers(1, 10), { id: 2 } as Numbers])
  expect([...store.of.keys()]).toEqual([1])
  expect(store.speed).toBe(10)
})

test('a minute of speeds is kept, not more', () => {
  const store = useNumbers()
  for (let at = 0; at < 100; at++) store.take([numbers(1, at)])
  expect(store.history.length).toBe(60)
  expect(store.history.at(-1)).toBe(99)
})

test('a change reaches every list that shows the task, and only these', () => {
  const queries = new QueryClient()
  const pages = (...tasks: Task[]): Pages => ({ pages: [{ tasks, next: null }], pageParams: [null] })
  queries.setQueryData([...TASKS, 'list', 'a'], pages(task(1, 'queued'), task(2, 'queued')))
  queries.setQueryData([...TASKS, 'list', 'b'], pages(task(2, 'queued')))
  const untouched = queries.getQueryData([...TASKS, 'list', 'b'])
  patchTasks(queries, new Set([1]), () => ({ state: 'running' }))
  const states = queries.getQueryData<Pages>([...TASKS, 'list', 'a'])!.pages[0]!.tasks.map((each) => each.state)
  expect(states).toEqual(['running', 'queued'])
  expect(queries.getQueryData([...TASKS, 'list', 'b'])).toBe(untouched)
})
