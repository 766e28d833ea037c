import { describe, expect, it } from 'vitest'
import { readWindows, writeWindows } from '@/pages/settings/windows'

describe('the schedule of limits', () => {
  it('is read line by line', () => {
    expect(readWindows('mon-fri 08:00-18:00 2MB/s; SAT,sun 00:00-24:00 off')).toEqual([
      { days: 'mon-fri', from: '08:00', to: '18:00', rate: '2MB/s' },
      { days: 'sat,sun', from: '00:00', to: '24:00', rate: 'off' },
    ])
  })

  it('is empty when nothing is written', () => {
    expect(readWindows('')).toEqual([])
    expect(readWindows(' ; ')).toEqual([])
  })

  it('is left to the service when it is written in another way', () => {
    expect(readWindows('mon-fri 08:00-18:00 2MB/s; every now and then')).toBeNull()
  })

  it('is written as it was read', () => {
    const text = 'mon-fri 08:00-18:00 2MB/s; sat,sun 00:00-24:00 off'
    expect(writeWindows(readWindows(text)!)).toBe(text)
  })

  it('has no limit where none is given', () => {
    expect(writeWindows([{ days: 'mon', from: '08:00', to: '09:00', rate: '  ' }])).toBe('mon 08:00-09:00 off')
  })
})
