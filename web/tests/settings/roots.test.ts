import { waitFor } from '@testing-library/vue'
import { afterEach, expect, test } from 'vitest'
import { h } from 'vue'
import Roots from '@/pages/settings/parts/roots.vue'
import { useSession } from '@/session/session'
import { drawn } from '../inside'

afterEach(() => document.body.replaceChildren())

test('the folder that downloads go to of themselves says so, no other does', async () => {
  const entry = (path: string, folder = '') => ({ path, folder, comfy: false, read_only: false })
  const reply = (request: Request) => {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname.endsWith('/roots')) return Response.json({ entries: [entry('/home/you/models'), entry('/yard/loras', 'loras')], problems: [], roots: [] })
    if (pathname.endsWith('/room')) return Response.json({ path: searchParams.get('to') || '/home/you/models/', free: 1 })
    return Response.json({ tasks: [], next: null, counts: {} })
  }
  const { at } = await drawn(reply, {
    setup() {
      useSession().who = { name: 'you', role: 'admin' }
      return () => h(Roots)
    },
  })
  document.body.append(at)
  const said = () => [...at.querySelectorAll('article p')].map((line) => line.textContent!.trim())
  await waitFor(() => expect(said()).toEqual(['for downloads · no models', 'loras · no models']))
})
