import { useI18n } from 'vue-i18n'
import type { Model } from '@/api/client'
import { useComfyui } from '@/models/comfyui'
import type { Doing } from '@/models/doing'
import type { MenuItem } from '@/ui/menu'
import { useCopy } from '@/ui/copy'

interface Ways {
  open: (model: Model) => void
  rename: (model: Model) => void
  move: (model: Model) => void
  mend: (model: Model) => void
  link: (model: Model) => void
  script: (model: Model) => void
}

/** What can be done with one model: the same under the right mouse button and in its panel. */
export function useModelMenu(doing: Doing, ways: Ways): (model: Model) => MenuItem[] {
  const { t } = useI18n()
  const copy = useCopy()
  const comfyui = useComfyui()
  return (model) => [
    { id: 'row-open', label: t('tasks.details'), run: () => ways.open(model) },
    { id: 'model-star', label: t(model.favourite ? 'library.do.unfavourite' : 'library.do.favourite'), run: () => void doing.star(model) },
    ...(comfyui.isOpen.value ? [{ id: 'model-insert' as const, run: () => void comfyui.insert(model) }] : []),
    { id: 'model-verify', run: () => void doing.verify([model.id]) },
    { id: 'model-mend', run: () => ways.mend(model) },
    { id: 'model-refresh', run: () => void doing.refresh([model.id]) },
    { id: 'model-rename', run: () => ways.rename(model) },
    { id: 'model-move', run: () => ways.move(model) },
    { id: 'model-link', run: () => ways.link(model) },
    { id: 'script', run: () => ways.script(model) },
    { id: 'model-copy', run: () => void copy(model.path) },
    ...(model.health === 'unsafe' ? [{ id: 'model-quarantine' as const, run: () => void doing.quarantine(model.id) }] : []),
    { id: 'model-trash', label: t('library.do.trash'), run: () => void doing.trash([model.id]) },
  ]
}
