import { useI18n } from 'vue-i18n'
import type { Ref } from 'vue'
import { useCommands } from '@/commands/commands'
import { isTyping } from '@/commands/keyboard'
import { count } from '@/format/amounts'
import type { Doing } from '@/models/doing'
import { useToasts } from '@/ui/toasts'
import type { Dialog } from './dialogs'
import { MOST, MOST_COMPARED, type Selection } from './selection'
import { VIEWS, type View } from './views'

interface Ways {
  about: (dialog: Dialog) => void
  trash: (ids: number[]) => void
  compare: (ids: number[]) => void
  look: (view: View) => void
  close: () => void
}

// A box that is ticked has the focus, but nobody writes in it
const isWriting = () => isTyping(document.activeElement) && !document.activeElement?.matches('[type=checkbox]')

/** What the palette and the keys do in the library. */
export function useLibraryCommands(selection: Selection, opened: Ref<number | null>, doing: Doing, ways: Ways): void {
  const { t } = useI18n()
  const toasts = useToasts()
  const { ids } = selection
  const some = () => ids.value.length > 0

  async function chooseAll(): Promise<void> {
    try {
      if (!(await selection.all())) toasts.tell(t('library.chosenMost', { count: count(MOST) }))
    } catch (thrown) {
      toasts.fail(thrown)
    }
  }

  useCommands().offer([
    { id: 'find-model', run: () => document.getElementById('library-find')?.focus() },
    { id: 'choose-all', enabled: () => !isWriting(), run: () => void chooseAll() },
    { id: 'choose-none', enabled: () => !document.querySelector('[role=menu]') && (some() || opened.value !== null), run: () => (some() ? selection.clear() : ways.close()) },
    { id: 'tag-models', enabled: some, run: () => ways.about('tag') },
    { id: 'move-models', enabled: some, run: () => ways.about('move') },
    { id: 'verify-models', enabled: some, run: () => void doing.verify(ids.value) },
    { id: 'compare-models', enabled: () => ids.value.length > 1 && ids.value.length <= MOST_COMPARED, run: () => ways.compare(ids.value) },
    { id: 'star-models', enabled: some, run: () => void doing.starAll(ids.value) },
    { id: 'refresh-models', enabled: some, run: () => void doing.refresh(ids.value) },
    { id: 'measure-models', enabled: some, run: () => void doing.measure(ids.value) },
    { id: 'mend-models', enabled: some, run: () => void doing.verify(ids.value, true) },
    { id: 'link-models', enabled: some, run: () => ways.about('link') },
    { id: 'script-models', enabled: some, run: () => ways.about('script') },
    { id: 'renew-models', enabled: some, run: () => void doing.seekNewer(ids.value) },
    { id: 'trash-models', enabled: some, run: () => ways.trash(ids.value) },
    { id: 'row-open' },
    { id: 'model-walk' },
    { id: 'model-choose' },
    { id: 'model-star' },
    { id: 'model-trash' },
    ...(Object.keys(VIEWS) as View[]).map((each) => ({ id: `view-${each}` as const, run: () => ways.look(each) })),
  ])
}
