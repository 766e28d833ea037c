import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { useI18n } from 'vue-i18n'
import { said, type Got } from '@/api/client'
import { api } from '@/api/here'
import { asProblem, type Problem } from '@/api/problem'
import { useToasts } from '@/ui/toasts'

export type Row = Got<'/api/v1/settings'>[number]

const ROWS = ['settings', 'rows']

/** Every setting of the service. */
export function useRows() {
  return useQuery({ queryKey: ROWS, queryFn: ({ signal }) => said(api().GET('/api/v1/settings', { signal })) })
}

/** A value as the service reads it. */
export const written = (value: Row['value']): string => (typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value ?? ''))

/** What a person edits: a secret comes masked, so that its field begins empty and only a new value is sent. */
export const editable = (row: Row): string => (row.secret ? '' : written(row.value))

/** Settings whose text is one of a few words. */
export const CHOICES: Record<string, readonly string[]> = { previews: ['on', 'off', 'safe-only'] }

/** Whether a variable or a flag stands above what could be set here. */
export const isLocked = (row: Row): boolean => row.origin !== 'default' && row.origin !== 'file'

/** Change settings: shown at once, taken back with the reason when the service refuses. */
export function useChanges() {
  const queries = useQueryClient()
  const toasts = useToasts()
  const { t } = useI18n()

  const put = (row: Row) => queries.setQueryData<Row[]>(ROWS, (rows) => rows?.map((each) => (each.name === row.name ? row : each)))

  async function change(row: Row, value: string, quiet = false): Promise<Problem | null> {
    if (!row.secret) put({ ...row, value: typeof row.value === 'boolean' ? value === 'on' : value, origin: 'file' })
    const params = { path: { name: row.name } }
    try {
      put(await said(api().PUT('/api/v1/settings/{name}', { params, body: { value } })))
      void queries.invalidateQueries({ queryKey: ['settings', 'limits'] })
      if (row.restart && !quiet) toasts.tell(t('settings.afterRestart'))
      return null
    } catch (thrown) {
      put(row)
      return asProblem(thrown)
    }
  }

  async function reset(row: Row): Promise<void> {
    const params = { path: { name: row.name } }
    try {
      put(await said(api().DELETE('/api/v1/settings/{name}', { params })))
      if (row.secret) return // What it was is not known here, so that it cannot be put back
      toasts.tell(t('settings.wasReset', { name: row.name }), { label: t('do.undo'), run: () => void change(row, written(row.value), true) })
    } catch (thrown) {
      toasts.fail(thrown)
    }
  }

  return { change, reset }
}
