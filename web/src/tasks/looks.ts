import type { State } from '@/api/client'

/** The picture and the colour of each state; the words stand under `states`. */
export const LOOKS: Record<State, { icon: string; colour: string; tone: 'accent' | 'good' | 'bad' | 'faint' }> = {
  queued: { icon: 'icon-[lucide--clock]', colour: 'text-faint', tone: 'faint' },
  waiting: { icon: 'icon-[lucide--hourglass]', colour: 'text-warn', tone: 'faint' },
  running: { icon: 'icon-[lucide--arrow-down-circle]', colour: 'text-accent', tone: 'accent' },
  verifying: { icon: 'icon-[lucide--shield-check]', colour: 'text-accent', tone: 'accent' },
  paused: { icon: 'icon-[lucide--circle-pause]', colour: 'text-faint', tone: 'faint' },
  done: { icon: 'icon-[lucide--circle-check]', colour: 'text-good', tone: 'good' },
  failed: { icon: 'icon-[lucide--circle-alert]', colour: 'text-bad', tone: 'bad' },
  cancelled: { icon: 'icon-[lucide--circle-x]', colour: 'text-faint', tone: 'faint' },
}
