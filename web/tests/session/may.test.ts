import { describe, expect, it } from 'vitest'
import { includes } from '@/session/may'

describe('what a role may', () => {
  it('includes what the roles before it may', () => {
    const roles = ['viewer', 'operator', 'admin'] as const
    expect(roles.map((role) => roles.map((need) => includes(role, need)))).toEqual([
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ])
  })

  it('is looking only, as long as nobody knows who it is', () => {
    expect([includes(undefined, undefined), includes(undefined, 'viewer'), includes(undefined, 'operator')]).toEqual([true, true, false])
  })
})
