import { fireEvent, screen, waitFor } from '@testing-library/vue'
import { afterEach, expect, test } from 'vitest'
import { h, nextTick, shallowRef } from 'vue'
import type { Row } from '@/pages/settings/rows'
import SettingInput from '@/pages/settings/setting-input.vue'
import { drawn } from '../inside'

afterEach(() => document.body.replaceChildren())

const row = (value: number): Row => ({ name: 'tasks.at-once', kind: 'whole', value, default: 4, origin: 'file', restart: false, secret: false, trouble: null, words: '' }) as unknown as Row

async function shown(reply: (request: Request) => Response | Promise<Response>) {
  const told = shallowRef(row(6))
  const { at } = await drawn(reply, { setup: () => () => h(SettingInput, { row: told.value, label: 'Tasks at once' }) })
  document.body.append(at)
  return { told, field: screen.getByLabelText<HTMLInputElement>('Tasks at once') }
}

test('what is being typed stays when the service tells again what the setting is', async () => {
  const { told, field } = await shown(() => Response.json(row(6)))
  await fireEvent.update(field, '0')
  told.value = row(6)
  await nextTick()
  expect(field.value).toBe('0')
})

test('a field that nobody types in follows the service', async () => {
  const { told, field } = await shown(() => Response.json(row(9)))
  told.value = row(9)
  await waitFor(() => expect(field.value).toBe('9'))
})

test('what was sent stands there as the service wrote it, and what was refused as it was typed', async () => {
  const sent: string[] = []
  const { told, field } = await shown(async (request) => {
    const { value } = (await request.json()) as { value: string }
    sent.push(value)
    return value === '0' ? Response.json({ code: 'bad-value', detail: '1 to 64', hint: '', retryable: false }, { status: 400 }) : Response.json(row(7))
  })
  await fireEvent.update(field, '07')
  await fireEvent.keyDown(field, { key: 'Enter' })
  told.value = row(7)
  await waitFor(() => expect(field.value).toBe('7'))
  await fireEvent.update(field, '0')
  await fireEvent.keyDown(field, { key: 'Enter' })
  await waitFor(() => screen.getByRole('alert'))
  expect(field.value).toBe('0')
  await fireEvent.blur(field)
  expect(sent).toEqual(['7', '0']) // leaving it asks for nothing
  told.value = row(4) // it was put back to its default
  await waitFor(() => expect(field.value).toBe('4'))
})
