import { describe, expect, it } from 'vitest'
import { touched } from '@/pages/library/marquee'
import { shape } from '@/pages/library/views'

describe('the grid', () => {
  it('has two columns on a phone, more on a wide screen, fewer larger ones', () => {
    expect(shape('grid', 'medium', 336).columns).toBe(2)
    expect(shape('grid', 'medium', 1300).columns).toBe(6)
    expect(shape('grid', 'large', 1300).columns).toBe(4)
    expect(shape('table', 'large', 1300)).toMatchObject({ columns: 1, height: 38 })
  })
})

describe('a marquee', () => {
  const pitch = { x: 112, y: 212, gap: 12 }

  it('touches the cells that it reaches into', () => {
    expect(touched({ left: 50, top: 100, width: 100, height: 150 }, 3, pitch, 100)).toEqual([0, 1, 3, 4])
  })

  it('touches nothing between two cells, and nothing behind the last', () => {
    expect(touched({ left: 102, top: 0, width: 8, height: 10 }, 3, pitch, 100)).toEqual([])
    expect(touched({ left: 0, top: 0, width: 999, height: 999 }, 3, pitch, 4)).toEqual([0, 1, 2, 3])
  })
})
