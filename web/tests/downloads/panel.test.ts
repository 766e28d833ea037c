import { expect, test } from 'vitest'
import { h } from 'vue'
import type { Task } from '@/api/client'
import TaskPanel from '@/pages/downloads/task-panel.vue'
import { drawn } from '../inside'

const WHY = 'The hub has no such file.'

const header = async (task: Partial<Task>) => {
  const whole = { id: 1, kind: 'download', priority: 'normal', title: 'wash', address: 'hf:ink/wash', reason: WHY, error: null, result: {}, options: {}, hub: 'huggingface', done: 0, received: 0, size: 9, created: 1, ...task } as Task
  const { at } = await drawn(() => Response.json([]), { render: () => h(TaskPanel, { task: whole }) })
  return { head: at.querySelector('header p')!.textContent, whole: at.textContent }
}

test('why it failed is said once, where it is explained', async () => {
  const { head, whole } = await header({ state: 'failed', error: { code: 'file-not-found', message: WHY, hint: '', retryable: false } as Task['error'] })
  expect(head).toBe('Failed')
  expect(whole!.split(WHY).length - 1).toBe(1)
})

test('why it waits stands beside its state', async () => {
  expect((await header({ state: 'waiting' })).head).toBe(`Waiting · ${WHY}`)
})
