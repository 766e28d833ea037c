import { defineStore } from 'pinia'
import { ref } from 'vue'
import { asProblem } from '@/api/problem'
import { advised, happened } from '@/problems/telling'

export interface Toast {
  id: number
  text: string
  tone: 'plain' | 'bad'
  action?: { label: string; run: () => void }
}

/** Short words at the edge of the page: what was done, and the way to take it back. */
export const useToasts = defineStore('toasts', () => {
  const shown = ref<Toast[]>([])
  let next = 1

  function tell(text: string, action?: Toast['action'], tone: Toast['tone'] = 'plain'): void {
    shown.value = [...shown.value.slice(-3), { id: next++, text, tone, action }]
  }

  /** What went wrong, with the next step that its error names. */
  function fail(thrown: unknown): void {
    const problem = asProblem(thrown)
    tell(`${happened(problem)} ${advised(problem)}`.trim(), undefined, 'bad')
  }

  function drop(id: number): void {
    shown.value = shown.value.filter((toast) => toast.id !== id)
  }

  return { shown, tell, fail, drop }
})
