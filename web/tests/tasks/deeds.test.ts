import type { QueryClient } from '@tanstack/vue-query'
import { expect, test, vi } from 'vitest'
import type { State, Task } from '@/api/client'
import { useDeeds } from '@/tasks/deeds'
import { TASKS, type Pages } from '@/tasks/tasks'
import { useToasts } from '@/ui/toasts'
import { inside, refusal } from '../inside'

const LIST = [...TASKS, 'list', 'a']
const first = (queries: QueryClient) => queries.getQueryData<Pages>(LIST)!.pages[0]!.tasks[0]!

/** A list with one task, and a service that looks at it while it decides. */
async function asked(reply: () => Response, state: State = 'queued') {
  const seen: Task[] = []
  const sent: unknown[] = []
  const one = await inside(async (request) => {
    seen.push(first(one.queries))
    sent.push(await request.json())
    return reply()
  }, useDeeds)
  const task = { id: 7, state, priority: 'normal' } as Task
  one.queries.setQueryData<Pages>(LIST, { pages: [{ tasks: [task], next: null }], pageParams: [null] })
  return { ...one, seen, sent }
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

test.each([
  ['goes on', 'queued', ['cancel', 'retry']],
  ['that rested rests again', 'paused', ['cancel', 'retry', 'pause']],
] as const)('a cancelled task %s when it is undone', async (_, state, verbs) => {
  const one = await asked(() => Response.json([{ id: 7 }]), state)
  await one.got.act('cancel', [7])
  const [toast] = useToasts().shown
  expect(toast!.text).toBe('Cancelled; what had arrived is kept.')
  toast!.action!.run()
  await vi.waitFor(() => expect(one.sent).toEqual(verbs.map((verb) => ({ do: verb, ids: [7] }))))
})

test('a cancel that is refused has nothing to undo', async () => {
  const one = await asked(() => Response.json([{ id: 7, error: { code: 'illegal-move', message: 'It is done.', hint: '', retryable: false } }]))
  await one.got.act('cancel', [7])
  expect(useToasts().shown.map((toast) => toast.action)).toEqual([undefined])
})

test('who clears the list is told how many went and where they are', async () => {
  const one = await asked(() => Response.json({ count: 3 }))
  await one.got.clear(['done'])
  expect(useToasts().shown.map((toast) => [toast.text, toast.action?.label])).toEqual([['3 left the list; history keeps them.', 'History']])
})
