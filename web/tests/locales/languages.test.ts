import { expect, test } from 'vitest'
import { fromFiles, LANGUAGES, startLanguage } from '@/languages'
import { makeReader } from '@/sentences/reading'

test('one file is a whole language: its name, its words, the sentences of the service', async () => {
  const file = { language: 'Deutsch', pages: { downloads: 'Downloads' }, sentences: { 'Goes on.': 'Geht weiter.', 'for room': 'auf Platz' } }
  const { de } = fromFiles({ './locales/de.json': async () => ({ default: file }) })
  const told = await de!()
  expect(told.default).toEqual({ pages: file.pages })
  const read = makeReader(told.sentences!)
  expect(read('Goes on.')).toContain('Geht weiter')
  expect(read('for room, for room')).toBe('auf Platz, auf Platz')
})

test('English and Chinese are there, and a browser that wants neither gets English', () => {
  expect(LANGUAGES).toMatchObject({ en: 'English', zh: '中文' })
  localStorage.setItem('modelyard.language', 'xx')
  expect(startLanguage()).toBe('en')
  localStorage.removeItem('modelyard.language')
})
