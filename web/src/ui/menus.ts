import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { MenuItem } from './menu'

/** A menu that is asked for: its entries, and the place that it hangs on. */
export interface Asked {
  items: () => MenuItem[]
  box: DOMRect
  /** What has the keyboard again when it is closed. */
  from: HTMLElement | null
  /** The button that opened it; none where it was the right mouse button. */
  button?: HTMLElement
}

/** The menu of the page: whatever opens one asks here, and one frame, which nothing needs before, shows it. */
export const useMenus = defineStore('menus', () => {
  const asked = shallowRef<Asked | null>(null)

  function open(menu: Asked): void {
    asked.value = menu
  }

  /** Close it; of several the one that is meant. */
  function close(menu = asked.value): void {
    if (asked.value === menu) asked.value = null
  }

  return { asked, open, close }
})
