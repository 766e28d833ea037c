import type { Schemas } from '@/api/client'

export type Plan = Schemas['WorkflowView']
export type Planned = Schemas['PlannedModel']
export type Standing = Planned['state']

/** The picture and the colour of each state; the words stand under `workflows.states`. */
export const STATES: Record<Standing, { icon: string; colour: string }> = {
  here: { icon: 'icon-[lucide--circle-check]', colour: 'text-good' },
  renamed: { icon: 'icon-[lucide--circle-check]', colour: 'text-good' },
  likely: { icon: 'icon-[lucide--circle-question-mark]', colour: 'text-warn' },
  found: { icon: 'icon-[lucide--cloud-download]', colour: 'text-accent' },
  gated: { icon: 'icon-[lucide--lock]', colour: 'text-warn' },
  differs: { icon: 'icon-[lucide--triangle-alert]', colour: 'text-warn' },
  unresolved: { icon: 'icon-[lucide--circle-x]', colour: 'text-bad' },
  unsafe: { icon: 'icon-[lucide--shield-alert]', colour: 'text-bad' },
}

export const isReady = ({ state }: Planned): boolean => state === 'here' || state === 'renamed'

/** Whether getting all fetches it; a likely one that has an address is read or fetched, too. */
export const isFetched = ({ state, address, target }: Planned): boolean => (state === 'found' || state === 'likely') && !!address && !!target

/** A look at this machine alone, over what hubs had said of the rest. */
export function merged(before: Plan | null, now: Plan): Plan {
  if (!before || before.models.length !== now.models.length) return now
  const models = now.models.map((model, at) => (isReady(model) || isReady(before.models[at]!) ? model : before.models[at]!))
  return { ...now, models, room: before.room, notes: before.notes }
}

/** How many models are here, what is still to fetch, and whether names differ from those in the file. */
export function sumsOf(plan: Plan): { ready: number; fetch: Planned[]; bytes: number; rounded: boolean; names: boolean } {
  const fetch = plan.models.filter(isFetched)
  return {
    ready: plan.models.filter(isReady).length,
    fetch,
    bytes: fetch.reduce((sum, model) => sum + (model.size ?? 0), 0),
    rounded: fetch.some((model) => model.rounded || !model.size),
    names: plan.models.some((model) => model.state === 'renamed' && !!model.lists_as),
  }
}

/** A name for the file with the names of here: beside the old one, never over it. */
export function fixedName(name: string): string {
  const cut = name.lastIndexOf('.')
  return cut > 0 ? `${name.slice(0, cut)}.fixed${name.slice(cut)}` : `${name}.fixed`
}
