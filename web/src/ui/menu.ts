import type { Role } from '@/session/may'

/** One entry of a menu; `keys` is only shown, `need` is who may. */
export interface MenuItem {
  label: string
  icon?: string
  keys?: string
  danger?: boolean
  disabled?: boolean
  need?: Role
  run: () => void
}

/** The frame of every menu. */
export const MENU = 'z-50 min-w-48 rounded-xl border border-line bg-raised p-1 shadow-xl'
