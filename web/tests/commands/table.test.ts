import { expect, test } from 'vitest'
import { hears, TABLE, type CommandId } from '@/commands/table'
import en from '@/locales/en'

const SOURCES = import.meta.glob<string>('../../src/**/*.{vue,ts}', { query: '?raw', import: 'default', eager: true })
const { commands: names } = en as unknown as { commands: Record<string, string> }
const ids = Object.keys(TABLE) as CommandId[]

test('every command has a name, and none stands there that nobody offers', () => {
  expect(ids.filter((id) => !names[id])).toEqual([])
  const rest = Object.entries(SOURCES).filter(([path]) => !/table\.ts|locales|demo|schema/.test(path)).map(([, source]) => source).join('\n')
  const made = [...rest.matchAll(/`([\w-]*)\$\{[^`]*?\}([\w-]*)`/g)].map(([, before, after]) => new RegExp(`^${before}.+${after}$`))
  expect(ids.filter((id) => !rest.includes(`'${id}'`) && !rest.includes(`"${id}"`) && !made.some((each) => each.source.length > 6 && each.test(id)))).toEqual([])
})

test('a menu is made of commands: no entry has a picture, keys or rights of its own', () => {
  const menus = Object.entries(SOURCES).filter(([, source]) => /<Ui(?:Menu|Context)\b|MenuItem\[\]/.test(source))
  expect(menus.length).toBeGreaterThan(6)
  expect(menus.filter(([, source]) => /label: .*icon: '.*run:|icon: '.*run:/.test(source)).map(([path]) => path)).toEqual([])
})

test('one key means one thing among the commands of a page', () => {
  const everywhere = ids.filter((id) => TABLE[id].keys && !/^(?:row|task|model)-/.test(id)).map((id) => TABLE[id].keys!)
  expect(new Set(everywhere).size).toBe(everywhere.length)
})

test('a row hears the keys that the table names, and no others', () => {
  const press = (key: string, more: KeyboardEventInit = {}) => new KeyboardEvent('keydown', { key, ...more })
  expect(hears(press(' '), 'task-pause')).toBe(true)
  expect(hears(press('Delete'), 'task-cancel')).toBe(true)
  expect(hears(press('f', { ctrlKey: true }), 'model-star')).toBe(false)
  expect(hears(press('Delete', { altKey: true }), 'model-trash')).toBe(false)
})
