import type { Trouble } from '@/api/problem'

/** The one button that helps: where it leads, or that trying again is all. */
export type Fix = { kind: 'key'; hub: string } | { kind: 'link'; href: string } | { kind: 'space' } | { kind: 'roots' } | { kind: 'replace' } | { kind: 'again' } | { kind: 'none' }

const KEYS = new Set(['login-needed', 'key-wrong', 'key-scope'])
const PAGES = new Set(['licence-not-accepted', 'early-access', 'downloads-disabled', 'access-denied'])
const FINAL = new Set(['bad-address', 'unknown-hub', 'nothing-selected', 'removed', 'model-not-found', 'revision-not-found', 'file-not-found', 'not-found', 'address-forbidden'])

/** What a person can do about a failure, by its code. */
export function fixOf(trouble: Trouble, hub = ''): Fix {
  if (KEYS.has(trouble.code)) return { kind: 'key', hub: String(trouble.facts?.hub ?? hub) }
  if (PAGES.has(trouble.code) && isWeb(trouble.link)) return { kind: 'link', href: trouble.link! }
  if (trouble.code === 'disk-full') return { kind: 'space' }
  if (['no-permission', 'read-only-disk', 'unsafe-path'].includes(trouble.code)) return { kind: 'roots' }
  if (trouble.code === 'target-exists') return { kind: 'replace' }
  if (trouble.retryable || !FINAL.has(trouble.code)) return { kind: 'again' }
  return isWeb(trouble.link) ? { kind: 'link', href: trouble.link! } : { kind: 'none' }
}

/** Links come from hubs: only plain web addresses become links. */
export const isWeb = (link: string | null | undefined): boolean => /^https?:\/\//.test(link ?? '')
