import type { Trouble } from '@/api/problem'
import { known, language, spoken } from '@/words'

/** What happened, with names and numbers; before a sentence that only English has, what kind of trouble it is. */
export function happened({ code, message }: Pick<Trouble, 'code' | 'message'>): string {
  const words = spoken(message)
  const title = known(`errors.${code}.title`)
  return language() === 'en' || words !== message || !title ? words : `${title} · ${message}`
}

/** What helps with such troubles, in the page's words: the service's hints name shell commands. Those where it has none. */
export const advised = ({ code, hint }: Pick<Trouble, 'code' | 'hint'>): string => known(`errors.${code}.action`) || spoken(hint)
