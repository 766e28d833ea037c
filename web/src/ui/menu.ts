/** One entry of a menu; `keys` is only shown. */
export interface MenuItem {
  label: string
  icon?: string
  keys?: string
  danger?: boolean
  disabled?: boolean
  run: () => void
}
