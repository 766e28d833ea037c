import { useI18n } from 'vue-i18n'
import type { Schemas } from '@/api/client'
import { useSession } from './session'

export type Role = Schemas['Who']['role']
const RANKS: readonly Role[] = ['viewer', 'operator', 'admin']

export const includes = (role: Role | undefined, need: Role | undefined): boolean => !need || RANKS.indexOf(role ?? 'viewer') >= RANKS.indexOf(need)

/** What this person may do; where they may not, the reason in words. The service decides, this only tells it before. */
export function useMay() {
  const session = useSession()
  const { t } = useI18n()
  const may = (need?: Role): boolean => includes(session.who?.role, need)
  return { may, why: (need?: Role): string => (may(need) ? '' : t(`roles.needs.${need}`)) }
}
