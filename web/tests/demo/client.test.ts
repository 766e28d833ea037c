import { expect, test } from 'vitest'
import { said, typed, type Told } from '@/api/client'
import { asProblem } from '@/api/problem'
import { MockClient } from '@/demo/client'

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
  const { api } = demo()
  const thrown = await said(api.POST('/api/v1/backup/restore', { body: {} as never })).catch(asProblem)
  expect(thrown).toMatchObject({ code: 'no-such-route', status: 404 })
})
