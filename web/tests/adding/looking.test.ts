import { expect, test, vi } from 'vitest'
import { ref } from 'vue'
import { folderOf, useByHash, type OfferedFile } from '@/adding/looking'
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
