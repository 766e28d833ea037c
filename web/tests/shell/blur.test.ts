import { describe, expect, it } from 'vitest'
import { isBlurred } from '@/shell/blur'

describe('a preview', () => {
  it('is blurred from the chosen level on', () => {
    expect([0, 1, 2, 4, 8, 16].map((rating) => isBlurred(rating, 4))).toEqual([false, false, false, true, true, true])
  })

  it('is never blurred when that is chosen', () => {
    expect(isBlurred(16, 0)).toBe(false)
  })
})
