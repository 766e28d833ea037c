import { expect, test } from 'vitest'
import { said, typed, type Told } from '@/api/client'
import { asProblem } from '@/api/problem'
import { answers } from '@/demo/answers'
import { MockClient } from '@/demo/client'
import { CLOSED } from '@/demo/closed'
import { DemoYard } from '@/demo/yard'
import { makeWords } from '@/words'

function demo() {
  const client = new MockClient(0)
  const told: Told[] = []
  client.listen(null, { opened() {}, event: (each) => void told.push(each), snapshot() {}, closed() {} })
  return { client, told, api: typed(client, 'http://localhost') }
}

test('a task that is added runs, and arrives', async () => {
  const { client, told, api } = demo()
  const { ids } = await said(api.POST('/api/v1/tasks', { body: { items: [{ address: 'hf:a/b/c.safetensors' }] } }))
  for (let second = 0; second < 600; second++) client.yard.move(1)
  const page = await said(api.GET('/api/v1/history', {}))
  expect(page.tasks.find((task) => task.id === ids[0])?.state).toBe('done')
  expect(told.filter((each) => each.kind === 'task.moved' && each.data.id === ids[0]).map((each) => each.data.to)).toEqual(['running', 'done'])
  expect(told.every((each, at) => !at || each.number === told[at - 1]!.number + 1)).toBe(true)
})

test('a gated one fails until it has a key', async () => {
  const { client, api } = demo()
  const gated = client.yard.tasks.find((task) => task.address.includes('only-friends'))!
  client.yard.move(1)
  expect(gated).toMatchObject({ state: 'failed', error: { code: 'login-needed' } })
  await said(api.PUT('/api/v1/keys/{hub}', { params: { path: { hub: 'huggingface' } }, body: { value: 'x' } }))
  await said(api.POST('/api/v1/tasks/actions', { body: { do: 'retry', ids: [gated.id] } }))
  for (let second = 0; second < 600; second++) client.yard.move(1)
  expect(gated.state).toBe('done')
})

test('models are found by words, and counted', async () => {
  const { api } = demo()
  const { models } = await said(api.GET('/api/v1/models', { params: { query: { text: 'ink' } } }))
  expect(models.map((model) => model.title)).toEqual(['Ink wash'])
  const facets = await said(api.GET('/api/v1/models/facets', {}))
  expect(Object.values(facets.counts.kind!).reduce((sum, each) => sum + each, 0)).toBe(facets.total)
})

test('a workflow is planned, fetched, and complete', async () => {
  const { client, api } = demo()
  const ask = { body: '{}' as never, params: { query: {} } }
  expect((await said(api.POST('/api/v1/workflows/plan', ask))).complete).toBe(false)
  expect((await said(api.POST('/api/v1/workflows/get', ask))).tasks).toHaveLength(1)
  for (let second = 0; second < 600; second++) client.yard.move(1)
  expect((await said(api.POST('/api/v1/workflows/plan', ask))).complete).toBe(true)
})

test('work on the library is begun, done, and stands in the history', async () => {
  const { told, api } = demo()
  const { id } = await said(api.POST('/api/v1/library/dedupe', { body: {} }))
  expect(told.filter((each) => each.kind === 'task.moved' && each.data.id === id).map((each) => each.data.to)).toEqual(['running', 'done'])
  const { counts } = await said(api.GET('/api/v1/tasks', { params: { query: { kind: '-download' } } }))
  expect(counts).toEqual({ done: 1 })
})

test('what the demo does not know is a problem, not a silence', async () => {
  await makeWords('en')
  const { api } = demo()
  const thrown = await said(api.POST('/api/v1/backup/restore', { body: {} as never })).catch(asProblem)
  expect(thrown).toMatchObject({ code: 'only-a-demo', status: 404, message: expect.stringContaining('A demo cannot do this') })
})

test('every question of the page has an answer in the demo, or is named as one that it cannot answer', () => {
  const sources = import.meta.glob(['../../src/**/*.{ts,vue}', '!../../src/demo/**', '!../../src/**/*.d.ts'], { eager: true, query: '?raw', import: 'default' }) as Record<string, string>
  const asked = new Set(Object.values(sources).flatMap((text) => [...text.matchAll(/\b(GET|POST|PUT|PATCH|DELETE)\(\s*['`]\/api\/v1([^'`]+)/g)].map(([, method, path]) => `${method} ${path}`)))
  const known = answers(new DemoYard(() => undefined))
  const answered = (question: string) => {
    const [method, path] = question.replaceAll(/\{\w+\}/g, '1').split(' ')
    return known.some(([verb, pattern]) => verb === method && pattern.test(path!))
  }
  expect(asked.size).toBeGreaterThan(80)
  expect([...asked].filter((each) => !answered(each) && !CLOSED.some((closed) => closed === each))).toEqual([])
  expect(CLOSED.filter((each) => answered(each) || !asked.has(each))).toEqual([])
})

test('what goes to the trash comes back, and what is cleared stays in the history', async () => {
  const { client, api } = demo()
  const count = async () => (await said(api.GET('/api/v1/models', {}))).models.length
  const before = await count()
  const { results } = await said(api.POST('/api/v1/models/trash', { body: { ids: [1, 2] } }))
  expect([await count(), (await said(api.GET('/api/v1/trash', {}))).entries.length]).toEqual([before - 2, 2])
  await said(api.POST('/api/v1/trash/undo', { body: { ids: results.map((each) => each.trash!) } }))
  expect(await count()).toBe(before)
  const done = client.yard.tasks.filter((task) => task.state === 'done').length
  expect((await said(api.POST('/api/v1/tasks/clear', { body: { states: ['done'] } }))).count).toBe(done)
  expect((await said(api.GET('/api/v1/tasks', {}))).counts.done).toBeUndefined()
  expect((await said(api.GET('/api/v1/history', { params: { query: { state: ['done'] } } }))).tasks).toHaveLength(done)
})

test('a setting is kept and goes back to its default', async () => {
  const { api } = demo()
  const params = { path: { name: 'cache' } }
  expect((await said(api.PUT('/api/v1/settings/{name}', { params, body: { value: 'off' } }))).value).toBe(false)
  expect((await said(api.GET('/api/v1/settings', {}))).find((row) => row.name === 'cache')).toMatchObject({ value: false, origin: 'file' })
  expect((await said(api.DELETE('/api/v1/settings/{name}', { params }))).origin).toBe('default')
})

test('its statistics are those of a month, and of what ended in it', async () => {
  const { client, api } = demo()
  const month = async () => said(api.GET('/api/v1/statistics', { params: { query: {} } }))
  const before = await month()
  expect(before.days.length).toBeGreaterThan(20)
  expect(before.bytes).toBe(before.days.reduce((sum, each) => sum + each.bytes, 0))
  for (let second = 0; second < 600; second++) client.yard.move(1)
  const after = await month()
  expect([after.done, after.failed]).toEqual([before.done + 3, before.failed + 1])
  const today = before.days.at(-1)!.day
  expect((await said(api.GET('/api/v1/statistics', { params: { query: { since: today } } }))).days.every((each) => each.day >= today)).toBe(true)
})
