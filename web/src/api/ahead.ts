import { createQuerySerializer } from 'openapi-fetch'
import { askedOf, filterOf } from '@/models/filter'
import { PAGE } from '@/models/shelf'
import { pageAt } from '@/routes'
import { TOKEN } from '@/session/tabs'

const FRESH = 10_000
const query = createQuerySerializer()
const asked = new Map<string, { at: number; answer: Promise<Response> }>()

/** Ask what the opened page will ask first, before its code is here. Only a tab that has its token can. */
export function askAhead(root: URL, { pathname, search, hash }: Pick<Location, 'pathname' | 'search' | 'hash'>): void {
  const token = sessionStorage.getItem(TOKEN)
  const said = new URLSearchParams(search)
  if (!token || hash || said.has('demo')) return // a link's code brings another token
  const ask = (path: string) => {
    const url = new URL(`api/v1/${path}`, root).href
    asked.set(url, { at: performance.now(), answer: fetch(url, { headers: { Authorization: `Bearer ${token}` }, credentials: 'same-origin' }).then(held) })
  }
  ask('session')
  if (pageAt(pathname, root.pathname)?.name === 'library') ask(`models?${firstModels(said)}`)
}

/** An answer whose body is here. What reads it waits for nothing, so the first picture is drawn with it, not a frame before it. */
class Held extends Response {
  constructor(
    private readonly said: string,
    answer: Response,
  ) {
    super(null, answer)
  }

  override text = async () => this.said
  override json = async () => JSON.parse(this.said)
}

const held = async (answer: Response) => (answer.ok ? new Held(await answer.text(), answer) : answer)

/** The first page of the list that an address asks for, as `useShelf` asks it. */
function firstModels(said: URLSearchParams): string {
  const { which, order } = askedOf(filterOf(Object.fromEntries([...new Set(said.keys())].map((name) => [name, said.getAll(name)]))))
  return query({ ...which, ...order, offset: 0, limit: PAGE })
}

/** The answer to a question that was asked ahead; each is given out once, and only while it is fresh and good. */
export async function answeredAhead({ method, url }: Request): Promise<Response | null> {
  const early = method === 'GET' ? asked.get(url) : undefined
  asked.delete(url)
  if (!early || performance.now() - early.at > FRESH) return null
  const answer = await early.answer.catch(() => null)
  return answer?.ok ? answer : null
}
