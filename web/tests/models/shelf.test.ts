import { describe, expect, it } from 'vitest'
import type { Model } from '@/api/client'
import { PAGE, Shelf, type Batch, type Start } from '@/models/shelf'

/** A service with so many models, whose marks are the names of the last one given. */
function service(count: number) {
  const all = Array.from({ length: count }, (_, id) => ({ id, title: `m${id}`, size: 1, favourite: false }) as Model)
  const asked: [number, number][] = []
  const ask = async (start: Start, limit: number): Promise<Batch> => {
    const from = 'offset' in start ? start.offset : all.findIndex((model) => String(model.id) === start.after) + 1
    asked.push([from, limit])
    const models = all.slice(from, from + limit)
    return { models, next: from + limit < all.length ? String(models.at(-1)!.id) : null }
  }
  return { all, asked, ask }
}

const settle = async () => {
  for (let turn = 0; turn < 400; turn++) await Promise.resolve()
}

describe('a long list', () => {
  it('fetches only the pages in sight', async () => {
    const { ask, asked } = service(5000)
    const shelf = new Shelf(ask, () => undefined)
    shelf.want(0, 30)
    await settle()
    expect(asked).toEqual([[0, PAGE]])
    expect(shelf.at(29)!.id).toBe(29)
    expect(shelf.at(PAGE)).toBeUndefined()
  })

  it('goes to a far place at once', async () => {
    const { ask, asked } = service(100_000)
    const shelf = new Shelf(ask, () => undefined)
    shelf.want(50_100, 50_120)
    await settle()
    expect(shelf.at(50_110)!.id).toBe(50_110)
    expect(asked).toEqual([[50_000, PAGE]])
  })

  it('believes no page behind the end, and waits for the count', async () => {
    const { ask, all } = service(1000)
    const shelf = new Shelf(ask, () => undefined)
    shelf.want(950, 990)
    await settle()
    expect(shelf.total).toBe(1000)
    all.splice(300)
    shelf.stale()
    await settle()
    shelf.count(300)
    expect(shelf.total).toBe(300)
  })

  it('holds few models however far somebody scrolls', async () => {
    const { ask } = service(20_000)
    const shelf = new Shelf(ask, () => undefined)
    for (let at = 0; at < 20_000; at += 150) {
      shelf.want(at, at + 40)
      await settle()
      expect(shelf.at(at)!.id).toBe(at)
    }
    const held = Array.from({ length: 20_000 }, (_, at) => shelf.at(at)).filter(Boolean).length
    expect(held).toBeLessThanOrEqual(21 * PAGE)
  })

  it('knows its end when it comes to it, whatever was counted', async () => {
    const { ask } = service(450)
    const shelf = new Shelf(ask, () => undefined)
    shelf.count(1000)
    expect(shelf.total).toBe(1000)
    shelf.want(380, 420)
    await settle()
    shelf.want(400, 1000)
    await settle()
    expect(shelf.total).toBe(450)
  })

  it('asks again what is in sight when it is old, and shows it until then', async () => {
    const { ask, all, asked } = service(600)
    const shelf = new Shelf(ask, () => undefined)
    shelf.want(0, 20)
    await settle()
    all.unshift({ id: 9999, title: 'new' } as Model)
    shelf.stale()
    expect(shelf.at(0)!.id).toBe(0)
    await settle()
    expect(shelf.at(0)!.id).toBe(9999)
    shelf.want(190, 230)
    await settle()
    // No model is lost or doubled between two pages although all of them moved
    expect(Array.from({ length: 231 }, (_, at) => shelf.at(at)?.id)).toEqual(all.slice(0, 231).map((model) => model.id))
    expect(asked.length).toBeLessThan(6)
  })

  it('gives a range that is not held', async () => {
    const { ask } = service(3000)
    const shelf = new Shelf(ask, () => undefined)
    shelf.want(0, 20)
    await settle()
    const range = await shelf.between(15, 2014, 10_000)
    expect(range.map((model) => model.id)).toEqual(Array.from({ length: 2000 }, (_, at) => at + 15))
    expect(await shelf.between(0, 2999, 100)).toHaveLength(100)
  })

  it('shows a change at once', async () => {
    const { ask } = service(50)
    let told = 0
    const shelf = new Shelf(ask, () => told++)
    shelf.want(0, 20)
    await settle()
    const before = told
    shelf.patch(new Set([3]), { favourite: true })
    expect(shelf.at(3)!.favourite).toBe(true)
    expect(shelf.at(4)!.favourite).toBe(false)
    expect(told).toBeGreaterThan(before)
  })

  it('says why nothing came, and tries again when it is asked to', async () => {
    const { ask } = service(50)
    let broken = true
    const shelf = new Shelf((start, limit) => (broken ? Promise.reject(new Error('away')) : ask(start, limit)), () => undefined)
    shelf.want(0, 20)
    await settle()
    expect(shelf.trouble).toEqual(new Error('away'))
    broken = false
    shelf.stale()
    await settle()
    expect(shelf.trouble).toBeNull()
    expect(shelf.total).toBe(50)
  })
})
