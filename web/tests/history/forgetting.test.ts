import { expect, test, vi } from 'vitest'
import { useEntryDeeds } from '@/pages/history/entries'
import { useToasts } from '@/ui/toasts'
import { inside } from '../inside'

test('each entry is forgotten when its own undo is gone, and not before', async () => {
  const sent: number[][] = []
  const reply = async (request: Request) => {
    sent.push((await request.json()).ids)
    return Response.json({ count: 1 })
  }
  const { got } = await inside(reply, useEntryDeeds)
  const toasts = useToasts()
  got.forget([1])
  got.forget([2])
  expect([...got.hidden]).toEqual([1, 2])
  const [first, second] = toasts.shown
  first!.action!.run()
  toasts.drop(first!.id)
  expect([...got.hidden]).toEqual([2])
  expect(sent).toEqual([])
  toasts.drop(second!.id)
  await vi.waitFor(() => expect(sent).toEqual([[2]]))
})
