import { expect, test } from 'vitest'
import type { Model } from '@/api/client'
import { useDoing } from '@/models/doing'
import { Shelf } from '@/models/shelf'
import { useToasts } from '@/ui/toasts'
import { inside, refusal } from '../inside'

/** Three models, the first one starred already, of a service that refuses the third. */
async function shelved() {
  const models = [1, 2, 3].map((id) => ({ id, favourite: id === 1 }) as Model)
  const shelf = new Shelf(async () => ({ models, next: null }), () => undefined)
  shelf.want(0, 2)
  await new Promise((done) => setTimeout(done))
  const reply = (request: Request) => (request.url.endsWith('/3') ? refusal('It is being moved.') : Response.json({}))
  return { shelf, starred: () => [0, 1, 2].map((at) => shelf.at(at)!.favourite), ...(await inside(reply, () => useDoing((ids, change) => shelf.patch(ids, change)))) }
}

test('a star that is refused is taken back, and only that one', async () => {
  const { got, starred } = await shelved()
  const done = got.starAll([1, 2, 3])
  expect(starred()).toEqual([true, true, true])
  await done
  expect(starred()).toEqual([true, true, false])
  expect(useToasts().shown[0]!.text).toContain('It is being moved.')
})

test('what the owner says of one model is taken back with its reason', async () => {
  const { got, shelf, starred } = await shelved()
  await got.star(shelf.at(2)!)
  expect(starred()).toEqual([true, false, false])
  expect(useToasts().shown[0]!.text).toContain('It is being moved.')
})
