import { useI18n } from 'vue-i18n'
import type { Row } from './rows'

/** A setting's name and meaning in the page's language; what has no words yet keeps the service's. */
export function useNaming() {
  const { t, te } = useI18n()
  const key = (row: Row, what: string) => `settings.rows.${row.name.replaceAll('.', '-')}.${what}`
  const title = (row: Row) => (te(key(row, 'title')) ? t(key(row, 'title')) : row.name)
  const about = (row: Row) => (te(key(row, 'about')) ? t(key(row, 'about')) : row.says)
  return { title, about }
}
