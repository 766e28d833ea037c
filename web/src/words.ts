import { createI18n, type I18n } from 'vue-i18n'
import { keepLanguage, loadWords } from './languages'
import { makeReader } from './sentences/reading'

type Words = I18n<Record<string, never>, Record<string, never>, Record<string, never>, string, false>

let words: Words
let reader: ReturnType<typeof makeReader> | null = null

export async function makeWords(language: string): Promise<Words> {
  words = createI18n({ legacy: false, locale: language, fallbackLocale: 'en', messages: {} }) as unknown as Words
  await useLanguage(language)
  return words
}

/** Change the page's language, for now and later. */
export async function useLanguage(language: string): Promise<void> {
  const { default: messages, sentences } = await loadWords(language)
  words.global.setLocaleMessage(language, messages as never)
  reader = sentences ? makeReader(sentences) : null
  words.global.locale.value = language
  document.documentElement.lang = language
}

export async function chooseLanguage(language: string): Promise<void> {
  keepLanguage(language)
  await useLanguage(language)
}

/** The language that numbers and dates are written in. */
export const language = (): string => words?.global.locale.value ?? 'en'

/** A sentence of the service in the page's language; as it came, where that has no words for it. */
export const spoken = (text: string | null | undefined): string => (text && language() !== 'en' && reader?.(text)) || (text ?? '')

/** The page's own words under a name; empty where there are none. */
export function known(name: string): string {
  const { te, t } = words.global as unknown as { te: (name: string) => boolean; t: (name: string) => string }
  return te(name) ? t(name) : ''
}
