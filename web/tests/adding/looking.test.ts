import { expect, test, vi } from 'vitest'
import { ref } from 'vue'
import { folderOf, useByHash, type OfferedFile } from '@/adding/looking'
import { useFollowing } from '@/live/following'
import { useLive } from '@/live/live'
import { inside } from '../inside'

test('every hash of a large repository is asked, a few at a time, and none twice', async () => {
  const hashes = Array.from({ length: 60 }, (_, at) => at.toString(16).padStart(64, '0'))
  const asked: string[] = []
  let most = 0
  let open = 0
  const reply = async (request: Request) => {
    const value = new URL(request.url).searchParams.get('value')!
    asked.push(value)
    most = Math.max(most, ++open)
    await Promise.resolve()
    open--
    return Response.json(value === hashes[59] ? [{ id: 7, path: '/m/last' }] : [])
  }
  const { got } = await inside(reply, () => useByHash(ref([...hashes, ...hashes])))
  await vi.waitFor(() => expect(got.data.value?.get(hashes[59]!)).toEqual([{ id: 7, path: '/m/last' }]))
  expect(asked.toSorted()).toEqual(hashes)
  expect(got.data.value!.size).toBe(1)
  expect(most).toBeLessThanOrEqual(24)
})

test('a folder is proposed only where every large file belongs in it', () => {
  const file = (path: string, folder: string, size = 2 ** 30) => ({ path, folder, size }) as OfferedFile
  const [lora, config, vae, other] = [file('a.safetensors', 'loras'), file('config.json', '', 900), file('v.safetensors', 'vae'), file('b.safetensors', '')]
  expect(folderOf([lora, config], null)).toBe('loras')
  expect(folderOf([lora, vae], null)).toBe('')
  expect(folderOf([lora, vae], ['v.safetensors'])).toBe('vae')
  expect(folderOf([lora, other], null)).toBe('')
  expect(folderOf([], null)).toBe('')
})

test('what a scan finds asks no hash of an offer again, and each of a download that landed at most every few seconds', async () => {
  const asked = { aa: 0, bb: 0 }
  const reply = (request: Request) => {
    asked[new URL(request.url).searchParams.get('value') as keyof typeof asked]++
    return Response.json([])
  }
  const { got } = await inside(reply, () => {
    useFollowing()
    return { offer: useByHash(ref(['aa'])), panel: useByHash(ref(['bb']), 'landed') }
  })
  await vi.waitFor(() => expect(got.offer.isFetched.value && got.panel.isFetched.value).toBe(true))
  const found = () => useLive().onEvent.forEach((heard) => heard({ number: 1, at: 0, kind: 'model.added', data: {} }))
  for (let at = 0; at < 50; at++) found()
  await vi.waitFor(() => expect(asked.bb).toBe(2))
  await new Promise((done) => setTimeout(done, 800)) // longer than other pages wait
  expect(asked).toEqual({ aa: 1, bb: 2 })
})

test('an offer that is opened again asks its hashes again', async () => {
  let asked = 0
  const reply = () => {
    asked++
    return Response.json([])
  }
  const { got, queries } = await inside(reply, () => useByHash(ref(['aa'])))
  await vi.waitFor(() => expect(got.isFetched.value).toBe(true))
  await inside(reply, () => useByHash(ref(['aa'])), queries)
  await vi.waitFor(() => expect(asked).toBe(2))
})
