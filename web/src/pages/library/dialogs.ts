import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import type { Model } from '@/api/client'

/** What can be asked before something is done with models. */
export type Dialog = 'tag' | 'move' | 'rename' | 'existing' | 'saved' | 'facets' | 'link' | 'script'

/** Which dialog is open, and about which model; about those that are chosen when it is none. */
export function useDialogs(chosen: Ref<number[]>) {
  const open = ref<Dialog | ''>('')
  const subject = shallowRef<Model | null>(null)
  const ids = computed(() => (subject.value ? [subject.value.id] : chosen.value))
  const used = ref(false)
  watch(open, () => (used.value = true))

  function about(name: Dialog, model: Model | null = null): void {
    subject.value = model
    open.value = name
  }

  return { open, subject, ids, used, about }
}
