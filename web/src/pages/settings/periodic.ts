import { isPart, wishOf } from '@/adding/queueing'
import type { Schemas } from '@/api/client'

/** Work on the library that may come again and again, beside downloads. */
export const WORK = ['scan', 'refresh', 'verify', 'versions'] as const
export type Work = (typeof WORK)[number]

/** What such work is asked to do from here: gently, since nobody waits for it. */
const ASKED = { scan: { gentle: true }, refresh: {}, verify: { gentle: true }, versions: {} } as const

/** What is sent to have something done again and again. */
export const periodicOf = (cron: string, what: Work | 'download', address: string): Schemas['NewPeriodic'] =>
  what === 'download' ? { cron, item: { address } } : { cron, [what]: ASKED[what] }

/** What brings one back that was removed; nothing does where its address is only shown in part. */
export function againOf({ cron, kind, address, options }: Schemas['PeriodicView']): Schemas['NewPeriodic'] | null {
  if (kind !== 'download') return { cron, [kind]: options }
  return isPart(address) ? null : { cron, item: wishOf(options, address) }
}
