import { defineStore } from 'pinia'
import { ref } from 'vue'
import { asProblem } from '@/api/problem'
import { advised, happened } from '@/problems/telling'

export interface Toast {
  id: number
  text: string
  tone: 'plain' | 'bad'
  action?: { label: string; run: () => void }
  /** What to do when it leaves, in whatever way. */
  gone?: () => void
}

const MOST = 4

/** Short words at the edge of the page: what was done, and the way to take it back. */
export const useToasts = defineStore('toasts', () => {
  const shown = ref<Toast[]>([])
  let next = 1

  function tell(text: string, action?: Toast['action'], tone: Toast['tone'] = 'plain', gone?: Toast['gone']): void {
    // The same words once more push nothing else out, an undo of its own has each
    const others = shown.value.filter((toast) => toast.action || toast.text !== text || toast.tone !== tone)
    shown.value = [...others.slice(-MOST + 1), { id: next++, text, tone, action, gone }]
    for (const toast of others.slice(0, -MOST + 1)) toast.gone?.()
  }

  /** What went wrong, with the next step that its error names. */
  function fail(thrown: unknown, action?: Toast['action']): void {
    const problem = asProblem(thrown)
    tell(`${happened(problem)} ${advised(problem)}`.trim(), action, 'bad')
  }

  function drop(id: number): void {
    const toast = shown.value.find((each) => each.id === id)
    shown.value = shown.value.filter((each) => each.id !== id)
    toast?.gone?.()
  }

  return { shown, tell, fail, drop }
})
