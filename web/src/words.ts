import { createI18n, type I18n } from 'vue-i18n'

export const LANGUAGES = { en: 'English', zh: '中文' } as const
export type Language = keyof typeof LANGUAGES
const PLACE = 'modelyard.language'
const loaders: Record<Language, () => Promise<{ default: Record<string, unknown> }>> = {
  en: () => import('./locales/en'),
  zh: () => import('./locales/zh'),
}

/** The chosen language, else the browser's, else English. */
export function startLanguage(): Language {
  const kept = localStorage.getItem(PLACE) ?? navigator.language.slice(0, 2)
  return kept in LANGUAGES ? (kept as Language) : 'en'
}

type Words = I18n<Record<string, never>, Record<string, never>, Record<string, never>, string, false>

let words: Words

export async function makeWords(language: Language): Promise<Words> {
  words = createI18n({ legacy: false, locale: language, fallbackLocale: 'en', messages: {} }) as unknown as Words
  await useLanguage(language)
  return words
}

/** Change the page's language, for now and later. */
export async function useLanguage(language: Language): Promise<void> {
  words.global.setLocaleMessage(language, (await loaders[language]()).default as never)
  words.global.locale.value = language
  document.documentElement.lang = language
}

export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(PLACE, language)
  await useLanguage(language)
}

/** The language that numbers and dates are written in. */
export const language = (): string => words?.global.locale.value ?? 'en'
