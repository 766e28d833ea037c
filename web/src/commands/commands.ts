import { defineStore } from 'pinia'
import { computed, onScopeDispose, shallowRef } from 'vue'
import { includes } from '@/session/may'
import { useSession } from '@/session/session'
import type { MenuItem } from '@/ui/menu'
import { TABLE, type CommandId, type Look } from './table'

/** One thing that can be done here and now. */
export interface Command extends Look {
  id: string
  enabled?: () => boolean
  /** Without it the keys are heard by what has the focus, a row or a card; here they are only told. */
  run?: () => void
}

/** How a command of the table is done here; only pages and their parts bring their own looks. */
type Offer = { id: CommandId; enabled?: () => boolean; run?: () => void } | Command

const isInTable = (id: string): id is CommandId => id in TABLE

export const useCommands = defineStore('commands', () => {
  const tables = shallowRef<readonly Command[][]>([])
  const session = useSession()
  const every = computed(() => tables.value.flat())
  const all = computed(() => every.value.filter((command) => includes(session.who?.role, command.need)))

  /** Offer commands for as long as the component that says so lives. */
  function offer(offers: Offer[]): void {
    const commands = offers.map((each): Command => (isInTable(each.id) ? { ...TABLE[each.id], ...each } : (each as Command)))
    tables.value = [...tables.value, commands]
    onScopeDispose(() => {
      tables.value = tables.value.filter((table) => table !== commands)
    })
  }

  /** One by its name, whoever may; none while nobody offers it. */
  const find = (id: string): Command | undefined => every.value.find((each) => each.id === id)

  /** What of these can be done now, for a menu. */
  const items = (ids: readonly CommandId[]): MenuItem[] =>
    ids.flatMap((id) => {
      const { run, enabled } = find(id) ?? {}
      return run && enabled?.() !== false ? [{ id, run }] : []
    })

  return { all, find, items, offer }
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
