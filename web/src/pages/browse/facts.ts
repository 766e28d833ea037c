import type { Offered } from '@/adding/looking'

/** What a hub says that helps to choose, in this order. */
const SHOWN = ['base_model', 'version', 'type', 'creator', 'author', 'trigger_words', 'tags', 'downloads', 'likes', 'published', 'updated', 'early_access_until'] as const

/** Facts as names and texts; what is no plain value is passed over. */
export function shownFacts(facts: Record<string, unknown>): [string, string][] {
  return SHOWN.flatMap((name): [string, string][] => {
    const value = facts[name]
    if (Array.isArray(value)) return value.length ? [[name, value.slice(0, 20).join(', ')]] : []
    if (typeof value === 'number') return value ? [[name, value.toLocaleString()]] : []
    if (typeof value !== 'string' || !value) return []
    return [[name, /^\d{4}-\d\d-\d\dT/.test(value) ? value.slice(0, 10) : value]]
  })
}

interface Version {
  name: string
  address: string
  current: boolean
}

/** The versions of a CivitAI model, as addresses; other hubs name revisions in the address itself. */
export function versionsOf(offered: Offered): Version[] {
  const model = /^civitai:(\d+)/.exec(offered.address)?.[1]
  const facts: Record<string, unknown> = offered.facts
  const told = facts.versions
  if (!model || !Array.isArray(told)) return []
  return told.map((each: Record<string, unknown>) => ({
    name: [each.name, each.base_model].filter(Boolean).join(' · '),
    address: `civitai:${model}@${String(each.id)}`,
    current: each.id === facts.version_id,
  }))
}

/** The model's page at its hub, where it can be told from the address. */
export function pageOf(offered: Offered): string {
  const [prefix, rest = ''] = offered.address.split(/:(.*)/s)
  const name = rest.split('@')[0]!
  if (prefix === 'hf') return `https://huggingface.co/${name}`
  if (prefix === 'civitai') return `https://civitai.com/models/${name}`
  if (prefix === 'ms') return `https://modelscope.cn/models/${name}`
  return offered.address
}
