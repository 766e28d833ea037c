import { expect, test } from 'vitest'
import { h } from 'vue'
import type { Task } from '@/api/client'
import HistoryRow from '@/pages/history/history-row.vue'
import { drawn } from '../inside'

const row = async (task: Partial<Task>) => {
  const whole = { id: 1, kind: 'download', state: 'done', title: '', address: '', error: null, ended: 1, size: 0, received: 0, seconds: 0, favourite: false, ...task } as Task
  const { at } = await drawn(() => Response.json({}), { render: () => h(HistoryRow, { task: whole, at: 0, open: false }) })
  return [...at.querySelectorAll('p')].slice(0, 2).map((line) => line.textContent)
}

test('a row says its address once', async () => {
  expect(await row({ title: 'wash', address: 'hf:ink/wash' })).toEqual(['wash', 'hf:ink/wash'])
  expect(await row({ title: 'hf:ink/wash', address: 'hf:ink/wash' })).toEqual(['hf:ink/wash', 'Done'])
  expect(await row({ title: '', address: 'hf:ink/wash' })).toEqual(['hf:ink/wash', 'Done'])
})
