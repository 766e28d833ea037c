import type { Role } from '@/session/may'
import { pressed } from './keyboard'

/** What a command looks like, which keys it has and who may; its name stands in the words under `commands.<id>`. */
export interface Look {
  icon: string
  /** `mod+k`, `n`, `g d`, `?`; keys without `mod` do nothing while somebody types. */
  keys?: string
  /** Who may; others see it closed, or not at all. */
  need?: Role
  /** It takes something away. */
  danger?: boolean
}

const operator = 'operator'
const admin = 'admin'

/**
 * Everything that can be done, once: buttons, menus, the palette, the sheet of shortcuts and the keyboard read it here.
 * Where it is done to what has the focus, a row or a card, whoever shows that says how (`offer`, a menu's `run`).
 * Not here: the pages and their parts, which have picture and keys in `routes.ts` and `parts.ts` and become commands there;
 * and what lives in one dialog only, its answer and its cross, which nobody looks for elsewhere.
 */
const LOOKS = {
  add: { icon: 'icon-[lucide--plus]', keys: 'n', need: operator },
  link: { icon: 'icon-[lucide--link]', keys: 'mod+l' },
  palette: { icon: 'icon-[lucide--command]', keys: 'mod+k' },
  theme: { icon: 'icon-[lucide--sun-moon]', keys: 't' },
  shortcuts: { icon: 'icon-[lucide--keyboard]', keys: '?' },
  'row-walk': { icon: 'icon-[lucide--list]', keys: 'ArrowUp ArrowDown' },
  'row-open': { icon: 'icon-[lucide--panel-right]', keys: 'Enter' },
  script: { icon: 'icon-[lucide--terminal]' },

  'pause-all': { icon: 'icon-[lucide--pause]', need: operator },
  'resume-all': { icon: 'icon-[lucide--play]', need: operator },
  'retry-all': { icon: 'icon-[lucide--rotate-cw]', need: operator },
  'clear-failed': { icon: 'icon-[lucide--brush-cleaning]', need: operator },
  'clear-done': { icon: 'icon-[lucide--brush-cleaning]', need: operator },
  'task-pause': { icon: 'icon-[lucide--pause]', keys: 'Space', need: operator },
  'task-resume': { icon: 'icon-[lucide--play]', keys: 'Space', need: operator },
  'task-retry': { icon: 'icon-[lucide--rotate-cw]', keys: 'Space', need: operator },
  'task-cancel': { icon: 'icon-[lucide--x]', keys: 'Delete', need: operator, danger: true },
  'task-up': { icon: 'icon-[lucide--arrow-up]', keys: 'mod+ArrowUp', need: operator },
  'task-down': { icon: 'icon-[lucide--arrow-down]', keys: 'mod+ArrowDown', need: operator },
  'task-top': { icon: 'icon-[lucide--arrow-up-to-line]', need: operator },
  'task-end': { icon: 'icon-[lucide--arrow-down-to-line]', need: operator },
  'task-high': { icon: 'icon-[lucide--chevrons-up]', need: operator },
  'task-normal': { icon: 'icon-[lucide--chevrons-up-down]', need: operator },
  'task-low': { icon: 'icon-[lucide--chevrons-down]', need: operator },
  'task-copy': { icon: 'icon-[lucide--copy]' },

  'task-again': { icon: 'icon-[lucide--rotate-cw]', need: operator },
  'task-star': { icon: 'icon-[lucide--star]', need: operator },
  'task-forget': { icon: 'icon-[lucide--eraser]', keys: 'Delete', need: admin, danger: true },
  'export-csv': { icon: 'icon-[lucide--file-down]' },
  'export-json': { icon: 'icon-[lucide--file-down]' },

  'find-model': { icon: 'icon-[lucide--search]', keys: '/' },
  'choose-all': { icon: 'icon-[lucide--list-checks]', keys: 'mod+a' },
  'choose-none': { icon: 'icon-[lucide--x]', keys: 'Escape' },
  'tag-models': { icon: 'icon-[lucide--tag]', need: operator },
  'move-models': { icon: 'icon-[lucide--folder-input]', need: operator },
  'verify-models': { icon: 'icon-[lucide--shield-check]', need: operator },
  'compare-models': { icon: 'icon-[lucide--columns-2]' },
  'star-models': { icon: 'icon-[lucide--heart]', need: operator },
  'refresh-models': { icon: 'icon-[lucide--cloud-download]', need: operator },
  'measure-models': { icon: 'icon-[lucide--fingerprint]', need: operator },
  'mend-models': { icon: 'icon-[lucide--wrench]', need: operator },
  'link-models': { icon: 'icon-[lucide--link]', need: admin },
  'script-models': { icon: 'icon-[lucide--terminal]' },
  'renew-models': { icon: 'icon-[lucide--git-branch]', need: operator },
  'trash-models': { icon: 'icon-[lucide--trash-2]', need: operator, danger: true },
  'view-grid': { icon: 'icon-[lucide--layout-grid]' },
  'view-list': { icon: 'icon-[lucide--rows-3]' },
  'view-table': { icon: 'icon-[lucide--table-2]' },
  'blur-off': { icon: 'icon-[lucide--eye]' },
  'blur-explicit': { icon: 'icon-[lucide--eye-off]' },
  'blur-mature': { icon: 'icon-[lucide--eye-off]' },
  'blur-soft': { icon: 'icon-[lucide--eye-off]' },

  'model-walk': { icon: 'icon-[lucide--grid-3x3]', keys: 'ArrowUp ArrowDown ArrowLeft ArrowRight' },
  'model-choose': { icon: 'icon-[lucide--square-check]', keys: 'Space' },
  'model-star': { icon: 'icon-[lucide--heart]', keys: 'f', need: operator },
  'model-insert': { icon: 'icon-[lucide--between-horizontal-start]', need: operator },
  'model-verify': { icon: 'icon-[lucide--shield-check]', need: operator },
  'model-mend': { icon: 'icon-[lucide--wrench]' },
  'model-refresh': { icon: 'icon-[lucide--cloud-download]', need: operator },
  'model-rename': { icon: 'icon-[lucide--text-cursor-input]', need: operator },
  'model-move': { icon: 'icon-[lucide--folder-input]', need: operator },
  'model-link': { icon: 'icon-[lucide--link]', need: admin },
  'model-copy': { icon: 'icon-[lucide--copy]' },
  'model-quarantine': { icon: 'icon-[lucide--biohazard]', need: operator },
  'model-trash': { icon: 'icon-[lucide--trash-2]', keys: 'Delete', need: operator, danger: true },
  'picture-choose': { icon: 'icon-[lucide--image-up]', need: operator },
  'picture-regenerate': { icon: 'icon-[lucide--cloud-download]', need: operator },
  'picture-restore': { icon: 'icon-[lucide--undo-2]', need: operator },
  'picture-remove': { icon: 'icon-[lucide--image-off]', need: operator, danger: true },

  'open-workflow': { icon: 'icon-[lucide--folder-open]' },
} satisfies Record<string, Look>

export type CommandId = keyof typeof LOOKS
export const TABLE: Record<CommandId, Look> = LOOKS

/** Whether a key press means this command; for rows and cards, which hear their own keys. */
export const hears = (event: KeyboardEvent, id: CommandId): boolean => !event.altKey && pressed(event) === TABLE[id].keys
