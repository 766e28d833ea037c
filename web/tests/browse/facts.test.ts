import { expect, test } from 'vitest'
import { pageOf, shownFacts, versionsOf } from '@/pages/browse/facts'

const offered = (address: string, facts: Record<string, unknown> = {}) => ({ address, facts, hub: '', title: '', files: [], companions: [] }) as never

test('versions of a CivitAI model are addresses, the present one is marked', () => {
  const facts = { version_id: 2, versions: [{ id: 1, name: 'v1', base_model: 'SD 1.5' }, { id: 2, name: 'v2' }] }
  expect(versionsOf(offered('civitai:9@2', facts))).toEqual([
    { name: 'v1 · SD 1.5', address: 'civitai:9@1', current: false },
    { name: 'v2', address: 'civitai:9@2', current: true },
  ])
  expect(versionsOf(offered('hf:a/b', facts))).toEqual([])
})

test('facts that are no plain values are passed over', () => {
  expect(shownFacts({ tags: ['a', 'b'], downloads: 0, images: ['x'], published: '2025-06-15T15:06:40Z', creator: { a: 1 } })).toEqual([
    ['tags', 'a, b'],
    ['published', '2025-06-15'],
  ])
})

test('each hub has its page', () => {
  expect(pageOf(offered('hf:a/b@main'))).toBe('https://huggingface.co/a/b')
  expect(pageOf(offered('https://x.example/a.safetensors'))).toBe('https://x.example/a.safetensors')
})
