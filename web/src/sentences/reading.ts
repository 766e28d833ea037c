/** A sentence of the service in English, with `{…}` for what it fills in, and the same in another language. */
export type Table = Record<string, string>

const PLACE = /\{(\w+)\}/
const LONGEST = 2000
const SENTENCES = /(?<=\.) (?=[A-Z])/

interface Pattern {
  fits: RegExp
  words: string
  fixed: number
}

/**
 * Reads what the service says in English and says it in another language; null for what no row of the table fits.
 *
 * Sentences are kept and sent as they were made, with names and numbers in them, so that they are recognised by what
 * stands around these. What is filled in may be such a sentence itself.
 */
export function makeReader(table: Table): (text: string) => string | null {
  const whole = new Map(Object.entries(table).map(([english, words]) => [keyOf(english), bare(words)]))
  const patterns = Object.entries(table)
    .filter(([english]) => PLACE.test(english))
    .map(([english, words]): Pattern => ({ fits: patternOf(english), words: bare(words), fixed: english.replaceAll(/\{\w+\}/g, '').length }))
    .sort((one, other) => other.fixed - one.fixed)

  const comma = Object.values(table).some((words) => words.endsWith('。')) ? '，' : ', '

  /** One sentence, or what stands in one. */
  function one(text: string): string | null {
    const known = whole.get(keyOf(text))
    if (known !== undefined) return known
    const parts = text.split(', ').map((part, _, all) => (all.length > 1 ? one(part) : null))
    if (parts.every((part) => part !== null)) return parts.join(comma)
    for (const { fits, words } of patterns) {
      const found = fits.exec(bare(text))
      if (found) return words.replaceAll(/\{(\w+)\}/g, (_, name: string) => read(found.groups![name]!) ?? found.groups![name]!)
    }
    return null
  }

  function read(text: string): string | null {
    if (text.length > LONGEST) return null
    const parts = text.split(SENTENCES).map((part) => ({ part, words: one(part) }))
    if (parts.every(({ words }) => words === null)) return null
    return parts.map(({ part, words }) => (words === null ? ` ${part} ` : ended(words, part))).join('').trim()
  }
  return read
}

const bare = (text: string) => text.replace(/[.。]$/, '')
const ended = (words: string, english: string) => (english.endsWith('.') ? `${words}。` : words)
const keyOf = (text: string) => bare(text).replace(/^./, (first) => first.toLowerCase())

/** The same words may begin a sentence or stand within one. */
function patternOf(english: string): RegExp {
  const parts = bare(english).split(/(\{\w+\})/)
  const body = parts.map((part) => (PLACE.test(part) ? `(?<${part.slice(1, -1)}>.+?)` : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))).join('')
  const first = body[0]!
  return new RegExp(`^${/[A-Za-z]/.test(first) ? `[${first.toUpperCase()}${first.toLowerCase()}]${body.slice(1)}` : body}$`, 's')
}
