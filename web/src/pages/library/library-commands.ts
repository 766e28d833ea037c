import { useI18n } from 'vue-i18n'
import type { Ref } from 'vue'
import { useCommands } from '@/commands/commands'
import { isTyping } from '@/commands/keyboard'
import { count } from '@/format/amounts'
import type { Doing } from '@/models/doing'
import { useToasts } from '@/ui/toasts'
import type { Dialog } from './dialogs'
import { MOST, type Selection } from './selection'
import { VIEWS, type View } from './views'

interface Ways {
  about: (dialog: Dialog) => void
  trash: (ids: number[]) => void
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
    { id: 'find-model', icon: 'icon-[lucide--search]', keys: '/', run: () => document.getElementById('library-find')?.focus() },
    { id: 'choose-all', icon: 'icon-[lucide--list-checks]', keys: 'mod+a', enabled: () => !isWriting(), run: () => void chooseAll() },
    { id: 'choose-none', icon: 'icon-[lucide--x]', keys: 'Escape', enabled: () => !document.querySelector('[role=menu]') && (some() || opened.value !== null), run: () => (some() ? selection.clear() : ways.close()) },
    { id: 'tag-models', need: 'operator', icon: 'icon-[lucide--tag]', enabled: some, run: () => ways.about('tag') },
    { id: 'move-models', need: 'operator', icon: 'icon-[lucide--folder-input]', enabled: some, run: () => ways.about('move') },
    { id: 'verify-models', need: 'operator', icon: 'icon-[lucide--shield-check]', enabled: some, run: () => void doing.verify(ids.value) },
    { id: 'trash-models', need: 'operator', icon: 'icon-[lucide--trash-2]', enabled: some, run: () => ways.trash(ids.value) },
    { id: 'row-open', icon: 'icon-[lucide--panel-right]', keys: 'Enter' },
    { id: 'model-walk', icon: 'icon-[lucide--grid-3x3]', keys: 'ArrowUp ArrowDown ArrowLeft ArrowRight' },
    { id: 'model-choose', icon: 'icon-[lucide--square-check]', keys: 'Space' },
    { id: 'model-star', need: 'operator', icon: 'icon-[lucide--heart]', keys: 'f' },
    { id: 'model-trash', need: 'operator', icon: 'icon-[lucide--trash-2]', keys: 'Delete' },
    ...(Object.keys(VIEWS) as View[]).map((each) => ({ id: `view-${each}`, icon: VIEWS[each], run: () => ways.look(each) })),
  ])
}
