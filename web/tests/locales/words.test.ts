import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { merged } from '@/locales/merged'

type Words = { [name: string]: string | Words }
const FILES = import.meta.glob<Words>('../../src/locales/*/*.json', { eager: true, import: 'default' })
const WHOLE = import.meta.glob<Words>('../../src/locales/*.json', { eager: true, import: 'default' })
const SOURCES = import.meta.glob<string>('../../src/**/*.{vue,ts}', { query: '?raw', import: 'default', eager: true })
const SETTINGS = readFileSync('../src/modelyard/settings/table.py', 'utf-8') // vitest runs in web/

const languages = [...new Set(Object.keys(FILES).map((path) => path.split('/').at(-2)!))]
const files = (language: string) => Object.fromEntries(Object.entries(FILES).flatMap(([path, words]) => (path.includes(`/${language}/`) ? [[path.split('/').at(-1)!, words]] : [])))
const flat = (words: Words, before = ''): [string, string][] =>
  Object.entries(words).flatMap(([name, value]) => (typeof value === 'string' ? [[before + name, value] as [string, string]] : flat(value, `${before}${name}.`)))
const english = new Map(flat(merged(files('en')) as Words))

/** Keys as the sources say them, `${…}` as any word; only whole keys and keys with words around. */
function used(source: string): RegExp[] {
  const calls = [...source.matchAll(/\b(?:t|te)\(\s*(?:'([^']+)'|`([^`]+)`)/g)].map((call) => call[1] ?? call[2]!)
  return calls.map((key) => new RegExp(`^${key.split(/\$\{.*?\}(?=[.\w-]*(?:$|[.$\w-]))/).map(escaped).join('[^.]+')}$`))
}
const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
const placeholders = (text: string) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]!))].sort()

describe('words', () => {
  it('are there in English and Chinese at least', () => {
    expect(languages).toEqual(expect.arrayContaining(['en', 'zh']))
  })

  it('are all there in a language that comes as one file', () => {
    for (const [path, { language, sentences, ...theirs }] of Object.entries(WHOLE)) {
      expect(language, path).toBeTruthy()
      expect(sentences === undefined || typeof sentences === 'object').toBe(true)
      expect(flat(theirs).map(([key]) => key).sort(), path).toEqual([...english.keys()].sort())
    }
  })

  it.each(languages)('have the same files and the same keys in %s as in English', (language) => {
    const theirs = files(language)
    expect(Object.keys(theirs).sort()).toEqual(Object.keys(files('en')).sort())
    for (const [name, words] of Object.entries(files('en'))) {
      expect(flat(theirs[name]!).map(([key]) => key).sort(), name).toEqual(flat(words).map(([key]) => key).sort())
    }
  })

  it.each(languages)('are never empty in %s, and fill in what the English ones fill in', (language) => {
    const wrong = flat(merged(files(language)) as Words).filter(([key, text]) => {
      const theirs = placeholders(text)
      return !text.trim() || theirs.some((name) => !placeholders(english.get(key) ?? '').includes(name)) || (placeholders(english.get(key) ?? '').length > 0 && theirs.length === 0)
    })
    expect(wrong).toEqual([])
  })

  it('have as many plural forms in each language, or the one that Chinese needs', () => {
    const chinese = new Map(flat(merged(files('zh')) as Words))
    const forms = (text: string | undefined) => (text ?? '').split(' | ').length
    expect([...english].filter(([key, text]) => ![1, forms(text)].includes(forms(chinese.get(key)))).map(([key]) => key)).toEqual([])
  })

  it('stand there for every key that the page uses', () => {
    const keys = [...english.keys()]
    const missing = Object.entries(SOURCES).flatMap(([path, source]) =>
      used(source)
        .filter((key) => !keys.some((each) => key.test(each)))
        .map((key) => `${path.replace('../../src/', '')}: ${key.source}`),
    )
    expect(missing).toEqual([])
  })

  it('name every setting of the service', () => {
    const names = [...SETTINGS.matchAll(/\bSetting\(\s*"([^"]+)"/g)].map((found) => found[1]!)
    expect(names.length).toBeGreaterThan(30)
    expect(names.filter((name) => !english.has(`settings.rows.${name.replaceAll('.', '-')}.title`))).toEqual([])
  })
})
