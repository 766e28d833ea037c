import { effectScope } from 'vue'
import { afterEach, expect, test, vi } from 'vitest'
import { shown, type Command } from '@/commands/commands'
import { useKeyboard } from '@/commands/keyboard'

const scope = { now: effectScope() }
afterEach(() => {
  scope.now.stop()
  document.body.replaceChildren()
})

function listening(...keys: string[]) {
  const ran: string[] = []
  const commands: Command[] = keys.map((each) => ({ id: each, icon: '', keys: each, run: () => ran.push(each) }))
  scope.now = effectScope()
  scope.now.run(() => useKeyboard(() => commands))
  return { ran, commands }
}

const press = (key: string, more: KeyboardEventInit = {}, target: EventTarget = document.body) =>
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }))

test('one key, one with control, and two in a row', () => {
  const { ran } = listening('n', 'mod+k', 'g l')
  press('n')
  press('k', { ctrlKey: true })
  press('k', { metaKey: true })
  press('g')
  press('l')
  press('l')
  expect(ran).toEqual(['n', 'mod+k', 'mod+k', 'g l'])
})

test('letters are letters while somebody types, but control still works', () => {
  const { ran } = listening('n', 'mod+k')
  const field = document.body.appendChild(document.createElement('input'))
  press('n', {}, field)
  press('k', { ctrlKey: true }, field)
  expect(ran).toEqual(['mod+k'])
})

test('what cannot be done now is not done', () => {
  const { ran, commands } = listening('n')
  commands[0]!.enabled = () => false
  press('n')
  expect(ran).toEqual([])
})

test('a listener that is gone hears nothing', () => {
  const { ran } = listening('n')
  scope.now.stop()
  press('n')
  expect(ran).toEqual([])
})

test('two presses far apart are two presses', () => {
  vi.useFakeTimers()
  const { ran } = listening('g l', 'l')
  const own = Object.getOwnPropertyDescriptor(Event.prototype, 'timeStamp')!
  Object.defineProperty(Event.prototype, 'timeStamp', { configurable: true, get: () => Date.now() })
  press('g')
  vi.advanceTimersByTime(2000)
  press('l')
  vi.useRealTimers()
  Object.defineProperty(Event.prototype, 'timeStamp', own)
  expect(ran).toEqual(['l'])
})

test('keys without a way to run are only told: a row or a card hears them itself', () => {
  const { commands } = listening()
  commands.push({ id: 'x', icon: '', keys: 'Delete' })
  const event = new KeyboardEvent('keydown', { key: 'Delete', bubbles: true, cancelable: true })
  document.body.dispatchEvent(event)
  expect(event.defaultPrevented).toBe(false)
  expect(['Delete', 'Escape', 'ArrowUp ArrowDown', 'f', 'Space'].map((keys) => shown(keys, false))).toEqual(['Del', 'Esc', '↑ ↓', 'F', 'Space'])
})

test('keys are written as each system writes them', () => {
  expect(shown('mod+k', false)).toBe('Ctrl+K')
  expect(shown('mod+k', true)).toBe('⌘K')
  expect(shown('g d', false)).toBe('G D')
  expect(shown(undefined)).toBe('')
})

test('a box that is ticked is no field to write in', () => {
  const { ran } = listening('n')
  const box = document.body.appendChild(document.createElement('input'))
  box.type = 'checkbox'
  press('n', {}, box)
  expect(ran).toEqual(['n'])
})
