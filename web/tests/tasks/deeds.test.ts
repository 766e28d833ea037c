import type { QueryClient } from '@tanstack/vue-query'
import { expect, test } from 'vitest'
import type { Task } from '@/api/client'
import { useDeeds } from '@/tasks/deeds'
import { TASKS, type Pages } from '@/tasks/tasks'
import { useToasts } from '@/ui/toasts'
import { inside, refusal } from '../inside'

const LIST = [...TASKS, 'list', 'a']
const first = (queries: QueryClient) => queries.getQueryData<Pages>(LIST)!.pages[0]!.tasks[0]!

/** A list with one task, and a service that looks at it while it decides. */
async function asked(reply: () => Response) {
  const seen: Task[] = []
  const one = await inside(() => {
    seen.push(first(one.queries))
    return reply()
  }, useDeeds)
  const task = { id: 7, state: 'queued', priority: 'normal' } as Task
  one.queries.setQueryData<Pages>(LIST, { pages: [{ tasks: [task], next: null }], pageParams: [null] })
  return { ...one, seen }
}

test.each([
  ['a verb', (deeds: ReturnType<typeof useDeeds>) => deeds.act('pause', [7]), { state: 'paused' }],
  ['a priority', (deeds: ReturnType<typeof useDeeds>) => deeds.change(7, { priority: 'high' }), { priority: 'high' }],
])('%s is shown at once and taken back with its reason', async (_, deed, shown) => {
  const one = await asked(() => refusal('Somebody else moves it.'))
  await deed(one.got)
  expect(one.seen[0]).toMatchObject(shown)
  expect(first(one.queries)).toMatchObject({ state: 'queued', priority: 'normal' })
  expect(useToasts().shown.map((toast) => toast.text).join()).toContain('Somebody else moves it.')
})

test('what was kept stays', async () => {
  const one = await asked(() => Response.json({}))
  await one.got.change(7, { priority: 'high' })
  expect(first(one.queries).priority).toBe('high')
  expect(useToasts().shown).toEqual([])
})

test('a verb for nobody asks nothing: without numbers it would mean everybody', async () => {
  const one = await asked(() => Response.json([]))
  await one.got.act('pause', [])
  expect(one.seen).toEqual([])
  await one.got.actAll('pause', 'download', '')
  expect(one.seen.length).toBe(1)
})
