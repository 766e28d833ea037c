import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import type { State, Task } from '@/api/client'
import { DOWNLOAD } from './tasks'

/** What a task is called: a download by its file or address, a chore in the language of the page. */
export function useTitle(task: () => Task) {
  const { t, te } = useI18n()
  return computed(() => {
    const { kind, title, address } = task()
    const name = `history.kinds.${kind}`
    return kind !== DOWNLOAD && te(name) ? t(name) : title || address
  })
}

/** What a state is called: what is done for the library is no download. */
export function useStates() {
  const { t } = useI18n()
  return { stateOf: (kind: string, state: State) => t(kind !== DOWNLOAD && state === 'running' ? 'stages.working' : `states.${state}`) }
}
