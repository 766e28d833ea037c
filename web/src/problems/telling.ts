import type { Trouble } from '@/api/problem'
import { known, language, spoken } from '@/words'

/** What happened, with names and numbers; before a sentence that only English has, what kind of trouble it is. */
export function happened({ code, message }: Pick<Trouble, 'code' | 'message'>): string {
  const words = spoken(message)
  const title = known(`errors.${code}.title`)
  return language() === 'en' || words !== message || !title ? words : `${title} · ${message}`
}

/** What helps, as the service says it of this very case; where only English has that, what helps with such troubles. */
export function advised({ code, hint }: Pick<Trouble, 'code' | 'hint'>): string {
  const words = spoken(hint)
  return language() === 'en' || words !== hint ? words : known(`errors.${code}.action`) || hint
}
