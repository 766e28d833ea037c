import { shallowRef } from 'vue'
import { typed, type Api, type Client } from './client'

const kept = shallowRef<{ client: Client; api: Api } | null>(null)

/** Set the way out of this page, once, before anything asks. */
export function provideApi(client: Client, root: string): void {
  kept.value = { client, api: typed(client, root.replace(/\/$/, '')) }
}

function here() {
  if (!kept.value) throw new Error('provideApi() comes first')
  return kept.value
}

/** The service's API. */
export const api = (): Api => here().api

/** What carries it. */
export const client = (): Client => here().client
