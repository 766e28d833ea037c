import { describe, expect, it } from 'vitest'
import { editable, isLocked, written, type Row } from '@/pages/settings/rows'

const row = (change: Partial<Row>): Row => ({
  name: 'tasks.at-once',
  value: 4,
  default: 4,
  kind: 'whole',
  says: '',
  origin: 'default',
  variable: 'MODELYARD_TASKS_AT_ONCE',
  restart: false,
  secret: false,
  trouble: '',
  ...change,
})

describe('a setting', () => {
  it('is written as the service reads it', () => {
    expect([true, false, 4, 0.5, 'off', null].map(written)).toEqual(['on', 'off', '4', '0.5', 'off', ''])
  })

  it('begins empty where it is a secret, so that its mask is never sent', () => {
    expect(editable(row({ secret: true, value: 'http://me:***@proxy' }))).toBe('')
    expect(editable(row({}))).toBe('4')
  })

  it('can be changed here while no variable or flag stands above it', () => {
    expect(['default', 'file', 'flag', 'MODELYARD_TASKS_AT_ONCE'].map((origin) => isLocked(row({ origin })))).toEqual([false, false, true, true])
  })
})
