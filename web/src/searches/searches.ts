import { useQuery } from '@tanstack/vue-query'
import { computed, type MaybeRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { said } from '@/api/client'
import { api } from '@/api/here'
import { useWrites } from '@/api/writes'
import { useMay } from '@/session/may'
import { useToasts } from '@/ui/toasts'

const SEARCHES = ['searches'] as const
const LONGEST = 200

/** What was searched before, the newest first: kept when somebody means it, forgotten when somebody says so. */
export function useSearches(wanted: MaybeRef<boolean> = true) {
  const { t } = useI18n()
  const { may } = useMay()
  const toasts = useToasts()
  const { work, did } = useWrites(SEARCHES)
  const asked = useQuery({ queryKey: SEARCHES, enabled: wanted, queryFn: ({ signal }) => said(api().GET('/api/v1/searches', { signal })) })
  const texts = computed(() => asked.data.value?.map((each) => each.text) ?? [])
  const put = (text: string) => said(api().PUT('/api/v1/searches/{text}', { params: { path: { text } } }))

  async function keep(typed: string): Promise<void> {
    const text = typed.trim().slice(0, LONGEST)
    if (text && may('operator')) await work(() => put(text))
  }

  async function forget(): Promise<void> {
    const before = texts.value.toReversed() // the newest is kept last
    if (!(await did(() => api().DELETE('/api/v1/searches')))) return
    const back = async () => {
      for (const text of before) await put(text)
    }
    toasts.tell(t('searches.forgotten'), { label: t('do.undo'), run: () => void work(back) })
  }

  return { texts, keep, forget }
}
