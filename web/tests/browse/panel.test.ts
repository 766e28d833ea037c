import { screen } from '@testing-library/vue'
import { afterEach, expect, test, vi } from 'vitest'
import { h } from 'vue'
import OfferPanel from '@/pages/browse/offer-panel.vue'
import { useSession } from '@/session/session'
import { drawn } from '../inside'

afterEach(() => document.body.replaceChildren())

test('what its hub calls a LoRA goes to the loras, and the panel says so', async () => {
  const sent: object[] = []
  const file = { address: 'civitai:100', path: 'a.safetensors', size: 2 ** 30, folder: 'loras', claimed: {}, access: 'open' }
  const reply = async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname.endsWith('/hubs/model')) return Response.json({ address: 'civitai:100', hub: 'civitai', title: 'Ink', facts: {}, companions: [], files: [file] })
    if (pathname.endsWith('/roots')) return Response.json({ entries: [], problems: [], roots: [{ folder: 'loras', path: '/yard/loras', read_only: false, there: true, problems: [] }] })
    if (pathname.endsWith('/room')) return Response.json({ path: searchParams.get('to') || '/home/you/models/', free: 1e12 })
    if (pathname.endsWith('/tasks') && request.method === 'POST') {
      sent.push(...(await request.json()).items)
      return Response.json({ ids: [1], refused: [] })
    }
    return Response.json({ tasks: [], next: null, counts: {} })
  }
  const { at } = await drawn(reply, {
    setup() {
      useSession().who = { name: 'you', role: 'operator' }
      return () => h(OfferPanel, { address: 'civitai:100' })
    },
  })
  document.body.append(at)
  await vi.waitFor(() => expect(at.textContent).toContain('to /yard/loras/'), 3_000)
  screen.getByRole('button', { name: 'Download' }).click()
  await vi.waitFor(() => expect(sent).toMatchObject([{ address: 'civitai:100', to: '/yard/loras/' }]))
})
