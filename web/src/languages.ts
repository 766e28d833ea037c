import type { Table } from './sentences/reading'

interface Loaded {
  default: Record<string, unknown>
  sentences?: Table
}
type Load = () => Promise<Loaded>
/** A language in one file: its own name, the pages' words as `en/*.json` has them, and perhaps the service's sentences. */
type OneFile = { default: Record<string, unknown> & { language: string; sentences?: Table } }

const PLACE = 'modelyard.language'

/** Languages out of files `locales/xx.json`, each of which is all that a language needs. */
export function fromFiles(files: Record<string, () => Promise<OneFile>>): Record<string, Load> {
  const load = (file: () => Promise<OneFile>) => async (): Promise<Loaded> => {
    const { language: _, sentences, ...words } = (await file()).default
    return { default: words, sentences }
  }
  return Object.fromEntries(Object.entries(files).map(([path, file]) => [codeOf(path), load(file)]))
}
const codeOf = (path: string): string => path.replace(/^.*\/|\.json$/g, '')

const loaders: Record<string, Load> = {
  en: () => import('./locales/en'),
  zh: () => import('./locales/zh'),
  ...fromFiles(import.meta.glob<OneFile>('./locales/*.json')),
}

/** Every language of the page by its code, each in its own words. */
const named = import.meta.glob<string>('./locales/*.json', { eager: true, import: 'language' })
export const LANGUAGES: Record<string, string> = {
  ...{ en: 'English', zh: '中文' },
  ...Object.fromEntries(Object.entries(named).map(([path, name]) => [codeOf(path), name])),
}

/** The page's words, and what the service's sentences are in this language. */
export const loadWords = (language: string): Promise<Loaded> => (loaders[language] ?? loaders.en!)()

/** The chosen language, else the browser's, else English. */
export function startLanguage(): string {
  const kept = localStorage.getItem(PLACE) ?? navigator.language.slice(0, 2)
  return Object.hasOwn(loaders, kept) ? kept : 'en'
}

export const keepLanguage = (language: string): void => localStorage.setItem(PLACE, language)
