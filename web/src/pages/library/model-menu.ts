import { useI18n } from 'vue-i18n'
import type { Model } from '@/api/client'
import { shown, useCommands } from '@/commands/commands'
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
  const commands = useCommands()
  /** Picture and keys as the table of commands has them. */
  const told = (id: string): Pick<MenuItem, 'icon' | 'keys'> => ({ icon: commands.find(id)?.icon, keys: shown(commands.find(id)?.keys) })
  return (model) => [
    { label: t('tasks.details'), icon: 'icon-[lucide--panel-right]', run: () => ways.open(model) },
    { need: 'operator', label: t(model.favourite ? 'library.do.unfavourite' : 'library.do.favourite'), ...told('model-star'), run: () => void doing.star(model) },
    ...(comfyui.isOpen.value ? [{ need: 'operator' as const, label: t('library.do.insert'), icon: 'icon-[lucide--between-horizontal-start]', run: () => void comfyui.insert(model) }] : []),
    { need: 'operator', label: t('library.do.verify'), icon: 'icon-[lucide--shield-check]', run: () => void doing.verify([model.id]) },
    { label: t('library.do.existing'), icon: 'icon-[lucide--wrench]', run: () => ways.mend(model) },
    { need: 'operator', label: t('library.do.refresh'), icon: 'icon-[lucide--cloud-download]', run: () => void doing.refresh([model.id]) },
    { need: 'operator', label: t('library.do.rename'), icon: 'icon-[lucide--text-cursor-input]', run: () => ways.rename(model) },
    { need: 'operator', label: t('library.do.move'), icon: 'icon-[lucide--folder-input]', run: () => ways.move(model) },
    { need: 'admin', label: t('library.do.link'), icon: 'icon-[lucide--link]', run: () => ways.link(model) },
    { label: t('scripts.as'), icon: 'icon-[lucide--terminal]', run: () => ways.script(model) },
    { label: t('library.copyPath'), icon: 'icon-[lucide--copy]', run: () => void copy(model.path) },
    ...(model.health === 'unsafe' ? [{ need: 'operator' as const, label: t('library.do.quarantine'), icon: 'icon-[lucide--biohazard]', run: () => void doing.quarantine(model.id) }] : []),
    { need: 'operator', label: t('library.do.trash'), ...told('model-trash'), danger: true, run: () => void doing.trash([model.id]) },
  ]
}
