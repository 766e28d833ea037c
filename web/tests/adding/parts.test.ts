import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { cleanup, fireEvent, render } from '@testing-library/vue'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, expect, test } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import OfferView from '@/adding/offer-view.vue'
import QueuedLine from '@/adding/queued-line.vue'
import { provideApi } from '@/api/here'
import { MockClient } from '@/demo/client'
import TroubleView from '@/problems/trouble-view.vue'
import { useSession } from '@/session/session'
import { makeWords } from '@/words'

afterEach(cleanup)

/** What a part of the page stands in, on the demo's service. */
async function around() {
  const pinia = createPinia()
  setActivePinia(pinia)
  const client = new MockClient(0)
  provideApi(client, 'http://localhost/')
  useSession().who = { name: 'you', role: 'admin' }
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/', name: 'downloads', component: {} }, { path: '/health', name: 'health', component: {} }] })
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  return { client, router, global: { plugins: [pinia, router, await makeWords('en'), [VueQueryPlugin, { queryClient: queries }] as never] } }
}

test('the files of an offer are picked one by one, and their sum follows', async () => {
  const { global } = await around()
  const view = render(OfferView, { props: { address: 'hf:atelier/ink', chosen: null }, global })
  await view.findByText('2 files, 219 MiB')
  await fireEvent.click(view.getByRole('checkbox', { name: 'model.safetensors' }))
  expect(view.emitted('update:chosen')).toEqual([[['config.json']]])
  await view.rerender({ chosen: ['config.json'] })
  view.getByText('1 file, 640 B')
})

test('what a hub wants before it hands out the files is told before they are queued, with the button that helps', async () => {
  const { client, global } = await around()
  const gate = { code: 'login-needed', message: 'atelier/ink is gated.', hint: '', retryable: false, link: null, facts: {} }
  const answered = client.fetch.bind(client)
  client.fetch = async (request) => {
    const answer = await answered(request)
    return request.url.includes('/hubs/model') ? Response.json({ ...(await answer.json()), hub: 'huggingface', gate }) : answer
  }
  const view = render(OfferView, { props: { address: 'hf:atelier/ink', chosen: null }, global })
  await view.findByText('atelier/ink is gated.')
  view.getByRole('button', { name: 'Give a key' })
})

test('what is in the queue already is told by its address, and goes on from there', async () => {
  const { client, global } = await around()
  const task = client.yard.tasks.find((each) => each.address.includes('night-train'))!
  client.yard.to(task, 'paused')
  const view = render(OfferView, { props: { address: task.address, chosen: null }, global })
  await fireEvent.click(await view.findByRole('button', { name: 'Resume' }))
  await expect.poll(() => task.state).toBe('queued')
})

test.each([
  ['as it was typed', 'hf:atelier/night-train'],
  ['with its revision', 'hf:atelier/night-train@0c2f'],
])('what is in the queue %s is told when its hub has told the revision', async (_, queued) => {
  const { client, global } = await around()
  const task = client.yard.tasks.find((each) => each.address.includes('night-train'))!
  task.address = queued
  const view = render(QueuedLine, { props: { address: 'hf:atelier/night-train', pinned: 'hf:atelier/night-train@0c2f' }, global })
  await view.findByRole('status')
})

test('a failure says what happened, what helps, and its button does it', async () => {
  const { router, global } = await around()
  const trouble = { code: 'disk-full', message: '2 GiB are needed, 1 GiB is free.', hint: 'See `modelyard space`.', retryable: false, facts: { needed: 2 } }
  const view = render(TroubleView, { props: { trouble }, global })
  view.getByText('2 GiB are needed, 1 GiB is free.')
  expect(view.queryByText(/modelyard space/)).toBeNull()
  await fireEvent.click(view.getByRole('button', { name: 'Make room' }))
  await expect.poll(() => router.currentRoute.value.fullPath).toBe('/health?part=space')
})
