import { screen } from '@testing-library/vue'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import AddDialog from '@/adding/add-dialog.vue'
import { useAdding } from '@/adding/adding'
import { PATIENCE } from '@/adding/belonging'
import { useSession } from '@/session/session'
import { useToasts } from '@/ui/toasts'
import { drawn, refusal } from '../inside'

const FOLDERS: Record<string, string> = { 'hf:ink/lora': 'loras', 'hf:ink/base': 'checkpoints' }
const roots = ['checkpoints', 'loras'].map((folder) => ({ folder, path: `/yard/${folder}`, read_only: false, there: true, problems: [] }))
/** What was queued, and how each hub's answer is let go. */
let queued: { address: string; to: string; replace: boolean }[] = []
let answer: Record<string, (how?: Response) => void> = {}

beforeEach(() => {
  vi.useFakeTimers()
  queued = []
  answer = {}
})
afterEach(() => {
  vi.useRealTimers()
  document.body.replaceChildren()
})

const offer = (address: string) => Response.json({ address, hub: 'huggingface', title: address, facts: {}, companions: [], files: [{ address, path: 'a.safetensors', size: 2 ** 30, folder: FOLDERS[address], claimed: {}, access: 'open' }] })

async function reply(request: Request): Promise<Response> {
  const url = new URL(request.url)
  const path = url.pathname.replace('/api/v1', '')
  if (path === '/hubs/model') {
    const address = url.searchParams.get('address')!
    return new Promise((done) => (answer[address] = (how) => done(how ?? offer(address))))
  }
  if (path === '/tasks' && request.method === 'POST') {
    queued.push(...(await request.json()).items)
    return Response.json({ ids: [1], refused: [] })
  }
  if (path === '/roots') return Response.json({ entries: [], problems: [], roots })
  if (path === '/profiles') return Response.json({ over: { replace: true }, plain: {} })
  if (path === '/room') return Response.json({ path: '/home/you/models', free: 1e12 })
  return Response.json({ tasks: [], next: null, counts: {} })
}

/** The dialog with an address in it, and a way to let time pass. */
async function opened(address: string) {
  const { at } = await drawn(reply, AddDialog)
  document.body.append(at)
  useSession().who = { name: 'you', role: 'admin' }
  const adding = useAdding()
  adding.begin(address)
  await pass(0)
  return adding
}
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds)
const press = () => screen.getByRole('button', { name: 'Download' }).click()

test('Download that is pressed before the hub has answered waits, and goes where it belongs', async () => {
  await opened('hf:ink/lora')
  press()
  await pass(2_000)
  expect(queued).toEqual([])
  answer['hf:ink/lora']!()
  await pass(50)
  expect(queued).toMatchObject([{ address: 'hf:ink/lora', to: '/yard/loras/' }])
})

test('an address that was just changed belongs nowhere of the one before', async () => {
  const adding = await opened('hf:ink/lora')
  answer['hf:ink/lora']!()
  await pass(1_000)
  adding.text = 'hf:ink/base'
  await pass(100)
  press()
  await pass(0)
  expect(queued).toEqual([])
  answer['hf:ink/base']!()
  await pass(50)
  expect(queued).toMatchObject([{ address: 'hf:ink/base', to: '/yard/checkpoints/' }])
})

test('a hub that refuses holds nothing up, and one that says nothing only for a few seconds', async () => {
  await opened('hf:ink/lora')
  await pass(500)
  answer['hf:ink/lora']!(refusal('busy'))
  await pass(50)
  press()
  await pass(50)
  expect(queued).toMatchObject([{ address: 'hf:ink/lora', to: '' }])
  useAdding().begin('hf:ink/base')
  await pass(0)
  press()
  await pass(PATIENCE - 100)
  expect(queued).toHaveLength(1)
  await pass(200)
  expect(queued[1]).toMatchObject({ address: 'hf:ink/base', to: '' })
  expect(useToasts().shown.map(({ text }) => text)).toEqual(['Queued.', expect.stringContaining('it goes to /home/you/models')])
})

test('who closes the dialog while it waits queues nothing', async () => {
  const adding = await opened('hf:ink/lora')
  press()
  await pass(500)
  adding.open = false
  answer['hf:ink/lora']!()
  await pass(PATIENCE)
  expect(queued).toEqual([])
})

test('what a profile replaces cannot be unticked', async () => {
  await opened('hf:ink/lora')
  await pass(50)
  const box = screen.getByRole<HTMLInputElement>('checkbox', { name: /^Fetch again/ })
  const profile = screen.getByRole<HTMLSelectElement>('combobox', { name: /^Profile/ })
  expect([box.checked, box.disabled]).toEqual([false, false])
  const choose = async (name: string) => {
    profile.value = name
    profile.dispatchEvent(new Event('change'))
    await pass(0)
    return [box.checked, box.disabled]
  }
  expect(await choose('over')).toEqual([true, true])
  expect(await choose('plain')).toEqual([false, false])
})
