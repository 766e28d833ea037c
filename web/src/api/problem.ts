/** What the service says of a failure: the same four facts everywhere. */
export interface Trouble {
  code: string
  message: string
  hint: string
  retryable: boolean
  link?: string | null
  facts?: Record<string, unknown>
}

export class Problem extends Error implements Trouble {
  readonly code: string
  readonly hint: string
  readonly retryable: boolean
  readonly link: string | null
  readonly facts: Record<string, unknown>

  constructor(told: Trouble, readonly status = 0) {
    super(told.message)
    this.code = told.code
    this.hint = told.hint
    this.retryable = told.retryable
    this.link = told.link ?? null
    this.facts = told.facts ?? {}
  }
}

/** An RFC 9457 body as a Problem; an answer that is none says what can be said. */
export function problemOf(body: unknown, status: number): Problem {
  const told = (body ?? {}) as Record<string, unknown>
  const facts = (told.facts ?? {}) as Record<string, unknown>
  return new Problem(
    {
      code: typeof told.code === 'string' ? told.code : 'bad-answer',
      message: typeof told.detail === 'string' ? told.detail : `HTTP ${status}`,
      hint: typeof told.hint === 'string' ? told.hint : '',
      retryable: told.retryable === true,
      link: typeof told.link === 'string' ? told.link : null,
      facts,
    },
    status,
  )
}

/** Whatever was thrown, as a Problem. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown
  if (isTrouble(thrown)) return new Problem(thrown)
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  // fetch() says TypeError when there is no answer at all
  const code = thrown instanceof TypeError ? 'no-service' : 'internal'
  return new Problem({ code, message, hint: '', retryable: true })
}

function isTrouble(thrown: unknown): thrown is Trouble {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'hint' in thrown
}
