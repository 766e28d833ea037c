import type { Table } from './sentences/reading'

export const LANGUAGES = { en: 'English', zh: '中文' } as const
export type Language = keyof typeof LANGUAGES
const PLACE = 'modelyard.language'
const loaders: Record<Language, () => Promise<{ default: Record<string, unknown>; sentences?: Table }>> = {
  en: () => import('./locales/en'),
  zh: () => import('./locales/zh'),
}

/** The page's words, and what the service's sentences are in this language. */
export const loadWords = (language: Language) => loaders[language]()

/** The chosen language, else the browser's, else English. */
export function startLanguage(): Language {
  const kept = localStorage.getItem(PLACE) ?? navigator.language.slice(0, 2)
  return kept in LANGUAGES ? (kept as Language) : 'en'
}

export const keepLanguage = (language: Language): void => localStorage.setItem(PLACE, language)
