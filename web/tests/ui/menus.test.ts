import { expect, test, vi } from 'vitest'
import { h, nextTick, ref } from 'vue'
import UiContext from '@/ui/context.vue'
import type { MenuItem } from '@/ui/menu'
import UiMenu from '@/ui/menu.vue'
import { useMenus } from '@/ui/menus'
import { drawn } from '../inside'

const item = (run = () => undefined): MenuItem => ({ id: 'model-copy', run })
const quiet = () => Response.json({})

test('a button opens its menu with a click or an arrow, closes it with the next click, and takes it along', async () => {
  const there = ref(true)
  const { at } = await drawn(quiet, { render: () => there.value && h(UiMenu, { items: [item()] }, { default: () => h('button', 'More') }) })
  const menus = useMenus()
  const button = at.querySelector('button')!
  expect(button.getAttribute('aria-haspopup')).toBe('menu')
  button.click()
  await nextTick()
  expect(menus.asked?.button).toBe(button)
  expect(menus.asked?.items().map(({ id }) => id)).toEqual(['model-copy'])
  expect(button.getAttribute('aria-expanded')).toBe('true')
  button.click()
  expect(menus.asked).toBe(null)
  button.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }))
  expect(menus.asked).not.toBe(null)
  there.value = false
  await nextTick()
  expect(menus.asked).toBe(null)
})

test('the right mouse button asks for the menu where it was pressed; where there is nothing to do the browser shows its own', async () => {
  const items = ref([item()])
  const pressed = vi.fn()
  const { at } = await drawn(quiet, { render: () => h(UiContext, { items: () => items.value }, { default: () => h('p', { onContextmenu: pressed }) }) })
  const menus = useMenus()
  const press = () => {
    const event = new MouseEvent('contextmenu', { clientX: 7, clientY: 9, cancelable: true })
    at.querySelector('p')!.dispatchEvent(event)
    return event.defaultPrevented
  }
  expect(press()).toBe(true)
  expect([menus.asked?.box.left, menus.asked?.box.top, menus.asked?.button]).toEqual([7, 9, undefined])
  expect(pressed).toHaveBeenCalledOnce()
  menus.close()
  items.value = []
  expect(press()).toBe(false)
  expect(menus.asked).toBe(null)
})

test('what went away closes its own menu, not the one of another', async () => {
  const { at } = await drawn(quiet, { render: () => ['a', 'b'].map((name) => h(UiMenu, { key: name, items: [item()] }, { default: () => h('button', name) })) })
  const menus = useMenus()
  const [first, second] = [...at.querySelectorAll('button')]
  first!.click()
  const old = menus.asked!
  second!.click()
  menus.close(old)
  expect(menus.asked?.button).toBe(second)
})
