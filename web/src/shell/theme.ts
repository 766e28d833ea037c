import { useLocalStorage } from '@vueuse/core'
import { watchEffect } from 'vue'

export type Theme = 'system' | 'light' | 'dark'
export const THEMES: readonly Theme[] = ['system', 'light', 'dark']

/** The chosen theme; `system` follows the machine. */
export const theme = useLocalStorage<Theme>('modelyard.theme', 'system')

watchEffect(() => {
  document.documentElement.classList.toggle('light', theme.value === 'light')
  document.documentElement.classList.toggle('dark', theme.value === 'dark')
})
