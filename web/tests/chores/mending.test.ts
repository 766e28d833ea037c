import { afterEach, describe, expect, it } from 'vitest'
import type { Client } from '@/api/client'
import { provideApi } from '@/api/here'
import { mending } from '@/chores/chores'

const asked: Request[] = []
const client: Client = {
  fetch: async (request) => {
    asked.push(request)
    return Response.json({ id: 7 }, { status: 202 })
  },
  listen: () => () => {},
}

afterEach(() => asked.splice(0))

describe('advice', () => {
  it('is followed by the route and the body that it names', async () => {
    provideApi(client, 'http://here/')
    const answer = await mending('POST /api/v1/library/verify', { mend: true })!()
    expect(answer.data).toEqual({ id: 7 })
    expect(asked[0]!.url).toBe('http://here/api/v1/library/verify')
    expect(await asked[0]!.json()).toEqual({ mend: true })
  })

  it('has no button when only a person can follow it, or when it leads elsewhere', () => {
    expect(mending('', undefined)).toBeNull()
    expect(mending('GET /api/v1/models?health=unsafe', {})).toBeNull()
    expect(mending('POST https://elsewhere/api', {})).toBeNull()
    expect(mending('DELETE /api/v1/roots', {})).toBeNull()
  })
})
