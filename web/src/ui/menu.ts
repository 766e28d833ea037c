import type { CommandId } from '@/commands/table'

/** One entry of a menu: a command of the table, and what it is done to. */
export interface MenuItem {
  id: CommandId
  /** Where its name says too much or too little here. */
  label?: string
  disabled?: boolean
  /** Of several the one that holds; the others are `false`. */
  chosen?: boolean
  run: () => void
}

/** The frame of every menu. */
export const MENU = 'z-50 min-w-48 rounded-xl border border-line bg-raised p-1 shadow-xl'

/** How far it stays from the window's edge, in pixels. */
export const EDGE = 8
