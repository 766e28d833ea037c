import { useI18n } from 'vue-i18n'
import type { Chip } from './filter'
import { familyName, hubName } from './looks'

/** Values of the catalogue as words. */
export function useLabels() {
  const { t, te } = useI18n()
  const word = (table: string, value: string) => (te(`library.${table}.${value}`) ? t(`library.${table}.${value}`) : value)
  const kind = (value: string) => word('kinds', value)

  function value({ name, value }: Chip): string {
    if (name === 'favourite') return t('library.favourite')
    if (name === 'rating') return t('library.ratingFrom', { stars: value })
    if (!value) return t('library.unsaid')
    if (name === 'kind') return kind(value)
    if (name === 'family') return familyName(value)
    if (name === 'hub') return hubName(value)
    if (name === 'health') return word('healths', value)
    if (name === 'completeness') return word('completenesses', value)
    if (name === 'without') return word('lacks', value)
    return value
  }

  return { kind, value, health: (health: string) => word('healths', health), problem: (code: string) => word('problems', code), certainty: (value: string) => word('certainties', value) }
}
