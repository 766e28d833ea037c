import { fireEvent, screen, waitFor } from '@testing-library/vue'
import { afterEach, expect, test } from 'vitest'
import { h } from 'vue'
import RootDialog from '@/pages/settings/parts/root-dialog.vue'
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

test('a ComfyUI is registered with the switches that it is started with', async () => {
  const sent: object[] = []
  const reply = async (request: Request) => {
    if (request.method === 'PUT') sent.push(await request.json())
    return Response.json({})
  }
  const { at } = await drawn(reply, {
    setup() {
      useSession().who = { name: 'you', role: 'admin' }
      return () => h(RootDialog, { open: true })
    },
  })
  document.body.append(at)
  await waitFor(() => screen.getByLabelText('Path'))
  await fireEvent.update(screen.getByLabelText('Path'), ' /home/me/ComfyUI ')
  await fireEvent.update(screen.getByLabelText('--models-directory'), '/data/models')
  await fireEvent.update(screen.getByLabelText(/^--extra-model-paths-config/), '/etc/a.yaml\n\n /etc/b.yaml')
  await fireEvent.submit(document.querySelector('form')!)
  await waitFor(() => expect(sent).toEqual([{ path: '/home/me/ComfyUI', comfy: true, read_only: false, base: '', models: '/data/models', output: '', extra: ['/etc/a.yaml', '/etc/b.yaml'] }]))
})
