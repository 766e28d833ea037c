import { useLocalStorage } from '@vueuse/core'
import type { LocationQueryRaw } from 'vue-router'

/** A filter with a name: its part of the address. */
export interface Saved {
  name: string
  query: LocationQueryRaw
}

/** Kept in this browser. */
export const saved = useLocalStorage<Saved[]>('modelyard.filters', [])

export function keep(name: string, query: LocationQueryRaw): void {
  const clean = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined))
  saved.value = [...saved.value.filter((each) => each.name !== name), { name, query: clean }].sort((a, b) => a.name.localeCompare(b.name))
}

export function forget(name: string): () => void {
  const before = saved.value
  saved.value = before.filter((each) => each.name !== name)
  return () => (saved.value = before)
}
