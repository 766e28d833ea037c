import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { answeredAhead, askAhead } from '@/api/ahead'
import { typed } from '@/api/client'
import { askedOf, filterOf } from '@/models/filter'
import { PAGE } from '@/models/shelf'
import { TOKEN } from '@/session/tabs'

const root = new URL('http://127.0.0.1:7980/yard/')
const at = (path: string, hash = '') => ({ pathname: `/yard${path.split('?')[0]}`, search: path.includes('?') ? `?${path.split('?')[1]}` : '', hash })
const sent: Request[] = []
let status = 200

beforeEach(() => {
  sent.length = 0
  status = 200
  sessionStorage.setItem(TOKEN, 'yard_x')
  vi.stubGlobal('fetch', (url: string, init?: RequestInit) => {
    sent.push(new Request(url, init))
    return Promise.resolve(new Response('{"a":1}', { status, headers: { 'X-Here': 'yes' } }))
  })
})
afterEach(() => void vi.unstubAllGlobals())

/** The address that the list itself asks for. */
async function asksLater(query: Record<string, string | string[]>): Promise<Request> {
  const { which, order } = askedOf(filterOf(query))
  const asked: Request[] = []
  const api = typed({ fetch: async (request) => (asked.push(request), Response.json({})), listen: () => () => undefined }, root.href.slice(0, -1))
  await api.GET('/api/v1/models', { params: { query: { ...which, ...order, offset: 0, limit: PAGE } } })
  return asked[0]!
}

test.each([
  ['/library', {}],
  ['/library?kind=lora&kind=vae&find=ink%20wash&sort=size&down=', { kind: ['lora', 'vae'], find: 'ink wash', sort: 'size', down: '' }],
  ['/library?exclude=family:sdxl&rating=4&place=a/b', { exclude: 'family:sdxl', rating: '4', place: 'a/b' }],
])('the first page of %s is asked as the list itself asks for it, and given out once', async (path, query) => {
  askAhead(root, at(path))
  expect(sent.map(({ url }) => new URL(url).pathname)).toEqual(['/yard/api/v1/session', '/yard/api/v1/models'])
  expect(sent[0]!.headers.get('Authorization')).toBe('Bearer yard_x')
  const later = await asksLater(query)
  const answer = (await answeredAhead(later))!
  expect([answer.ok, answer.headers.get('X-Here'), await answer.json(), await answer.text()]).toEqual([true, 'yes', { a: 1 }, '{"a":1}'])
  expect(await answeredAhead(later)).toBeNull()
})

test('other pages ask only who is there, and a tab without a token asks nothing', () => {
  askAhead(root, at('/health'))
  expect(sent).toHaveLength(1)
  sessionStorage.clear()
  askAhead(root, at('/library'))
  expect(sent).toHaveLength(1)
})

test("a link's code brings another token, and a demo asks nobody", () => {
  askAhead(root, at('/library', '#code=1'))
  askAhead(root, at('/library?demo'))
  expect(sent).toEqual([])
})

test('what the service refused is asked again', async () => {
  status = 401
  askAhead(root, at('/library'))
  expect(await answeredAhead(sent[0]!)).toBeNull()
})

test('nothing is given out when it is no longer fresh, nor to a write', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  askAhead(root, at('/library'))
  expect(await answeredAhead(new Request(sent[0]!.url, { method: 'POST' }))).toBeNull()
  askAhead(root, at('/library'))
  vi.advanceTimersByTime(11_000)
  expect(await answeredAhead(sent[0]!)).toBeNull()
  vi.useRealTimers()
})
