import { useLocalStorage } from '@vueuse/core'
import { TABLE } from '@/commands/table'

export const VIEWS = { grid: TABLE['view-grid'].icon, list: TABLE['view-list'].icon, table: TABLE['view-table'].icon } as const
export type View = keyof typeof VIEWS
export const DENSITIES = ['small', 'medium', 'large'] as const
export type Density = (typeof DENSITIES)[number]

/** How large cards are, in this browser. */
export const density = useLocalStorage<Density>('modelyard.density', 'medium')

const LEAST: Record<Density, number> = { small: 132, medium: 186, large: 280 }
const TEXT: Record<Density, number> = { small: 54, medium: 76, large: 76 }
const ROWS = { list: 68, table: 38 }
export const GAP = 12

/** How many columns fit, and how high a row is, its gap with it. */
export function shape(view: View, size: Density, width: number): { columns: number; height: number; picture: number } {
  if (view !== 'grid') return { columns: 1, height: ROWS[view], picture: 0 }
  const columns = Math.max(2, Math.floor((width + GAP) / (LEAST[size] + GAP)))
  const picture = Math.round((Math.max(width, 1) - (columns - 1) * GAP) / columns * 1.08)
  return { columns, height: picture + TEXT[size] + GAP, picture }
}
