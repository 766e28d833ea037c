import { expect, test } from 'vitest'
import { againOf, periodicOf, WORK } from '@/pages/settings/periodic'

const kept = (kind: string, address: string, options: Record<string, unknown>): Parameters<typeof againOf>[0] => ({ name: 'nightly', cron: '0 3 * * *', kind, address, options: options as never, last: null, next: null })

test('a download comes back as it was, and as a stranger\'s word where it was one', () => {
  expect(againOf(kept('download', 'hf:a/b', { to: '/models/', told: true }))).toEqual({ cron: '0 3 * * *', item: { address: 'hf:a/b', to: '/models/', told: true } })
})

test('a link that is only shown in part is not brought back as another one', () => {
  expect(againOf(kept('download', 'https://example.com/a?…', {}))).toBeNull()
})

test.each(WORK)('%s is asked for under its own name, and comes back under it', (work) => {
  expect(Object.keys(periodicOf('0 3 * * *', work, ''))).toEqual(['cron', work])
  expect(againOf(kept(work, '', { most: 5 }))).toEqual({ cron: '0 3 * * *', [work]: { most: 5 } })
})
