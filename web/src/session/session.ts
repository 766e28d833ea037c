import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { said, type Schemas } from '@/api/client'
import { api } from '@/api/here'
import { asProblem, type Problem } from '@/api/problem'
import { askOtherTabs, shareWithTabs, TOKEN } from './tabs'

/** Who one is in a demo. */
export const DEMO = '(demo)'

type Standing = 'looking' | 'in' | 'out'

/** Who we are to the service. The token lives in this tab alone; another tab of this page may ask for it. */
export const useSession = defineStore('session', () => {
  const standing = ref<Standing>('looking')
  const who = shallowRef<Schemas['Who'] | null>(null)
  const trouble = shallowRef<Problem | null>(null)
  const token = ref(sessionStorage.getItem(TOKEN))
  const csrf = ref<string | null>(null)
  const proof = computed(() => ({ token: token.value, csrf: csrf.value }))
  let code = takeCode() // before the router reads the address, or it would put the code back
  const byPassword = location.protocol === 'https:'

  /** Come in by the link's code, this tab's token, another tab's, or the browser's session, in this order. */
  async function open(): Promise<void> {
    standing.value = 'looking'
    try {
      const given = code
      code = null
      if (given) keep((await said(api().POST('/api/v1/session', { body: { code: given } }))).token)
      else if (!token.value && !byPassword) keep(await askOtherTabs())
      await look()
    } catch (thrown) {
      trouble.value = asProblem(thrown)
      if (trouble.value.code === 'token-needed') keep(null)
      standing.value = 'out'
    }
  }

  async function logIn(password: string): Promise<void> {
    csrf.value = (await said(api().POST('/api/v1/login', { body: { password } }))).csrf
    await look()
  }

  /** Come in with a token that somebody was given; a wrong one is forgotten. */
  async function enter(given: string): Promise<void> {
    keep(given.trim())
    try {
      await look()
    } catch (thrown) {
      keep(null)
      throw thrown
    }
  }

  async function look(): Promise<void> {
    who.value = await said(api().GET('/api/v1/session'))
    csrf.value = who.value.csrf ?? null
    trouble.value = null
    standing.value = 'in'
    shareWithTabs(() => token.value)
  }

  function keep(fresh: string | null): void {
    token.value = fresh
    if (fresh) sessionStorage.setItem(TOKEN, fresh)
    else sessionStorage.removeItem(TOKEN)
  }

  return { standing, who, trouble, proof, byPassword, open, logIn, enter }
})

/** The one-time code behind `#`, taken out of the address before anything else can see it. */
function takeCode(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get('code')
  if (code) history.replaceState(history.state, '', location.pathname + location.search)
  return code
}
