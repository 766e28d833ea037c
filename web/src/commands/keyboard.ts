import { onScopeDispose } from 'vue'
import type { Command } from './commands'

const PAUSE = 900

const NO_TEXT = new Set(['checkbox', 'radio', 'button', 'submit', 'file', 'range', 'color'])

/** Whether somebody writes there, so that letters are letters. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLInputElement && NO_TEXT.has(target.type)) return false
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)
}

const NAMES: Record<string, string> = { ' ': 'Space' }

/** What one key press says in the language of `Look.keys`. */
export function pressed(event: KeyboardEvent): string {
  const mod = event.ctrlKey || event.metaKey ? 'mod+' : ''
  return `${mod}${NAMES[event.key] ?? (event.key.length === 1 ? event.key.toLowerCase() : event.key)}`
}

/** Run commands by their keys, also by two in a row (`g l`). */
export function useKeyboard(commands: () => readonly Command[]): void {
  let before = ''
  let at = 0
  const heard = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.altKey) return
    const key = pressed(event)
    if (key === 'Escape' && isTyping(event.target)) return (event.target as HTMLElement).blur()
    if (!key.startsWith('mod+') && (isTyping(event.target) || document.querySelector('[role=dialog]'))) return
    const both = event.timeStamp - at < PAUSE ? `${before} ${key}` : key
    before = key
    at = event.timeStamp
    const usable = commands().filter((each) => each.run && each.enabled?.() !== false)
    const found = usable.find((each) => each.keys === both) ?? usable.find((each) => each.keys === key)
    if (!found) return
    event.preventDefault()
    before = ''
    found.run!()
  }
  window.addEventListener('keydown', heard)
  onScopeDispose(() => window.removeEventListener('keydown', heard))
}
