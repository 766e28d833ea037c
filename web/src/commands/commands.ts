import { defineStore } from 'pinia'
import { computed, onScopeDispose, shallowRef } from 'vue'
import { includes, type Role } from '@/session/may'
import { useSession } from '@/session/session'

/**
 * One thing that a person can do. Buttons (`ui/command.vue`), menus, the palette, the sheet of shortcuts and the keyboard
 * all read this table; its name stands in the words under `commands.<id>`.
 */
export interface Command {
  id: string
  icon: string
  /** `mod+k`, `n`, `g d`, `?`; keys without `mod` do nothing while somebody types. */
  keys?: string
  enabled?: () => boolean
  /** Who may; others do not see it. */
  need?: Role
  /** Without it the keys are heard by what has the focus, a row or a card; here they are only told. */
  run?: () => void
}

export const useCommands = defineStore('commands', () => {
  const tables = shallowRef<readonly Command[][]>([])
  const session = useSession()
  const every = computed(() => tables.value.flat())
  const all = computed(() => every.value.filter((command) => includes(session.who?.role, command.need)))

  /** Offer commands for as long as the component that says so lives. */
  function offer(commands: Command[]): void {
    tables.value = [...tables.value, commands]
    onScopeDispose(() => {
      tables.value = tables.value.filter((table) => table !== commands)
    })
  }

  /** One by its name, whoever may; none while nobody offers it. */
  const find = (id: string): Command | undefined => every.value.find((each) => each.id === id)

  return { all, find, offer }
})

const SIGNS: Record<string, string> = { ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→', Delete: 'Del', Escape: 'Esc' }

/** Keys as a person reads them. */
export function shown(keys: string | undefined, mac = navigator.platform.startsWith('Mac')): string {
  if (!keys) return ''
  return keys
    .replace('mod+', mac ? '⌘' : 'Ctrl+')
    .replace(/\b[a-z]\b/g, (letter) => letter.toUpperCase())
    .replace(/[A-Z][A-Za-z]+/g, (name) => SIGNS[name] ?? name)
}
