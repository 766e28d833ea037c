import { defineStore } from 'pinia'
import { computed, shallowReactive } from 'vue'

/** Numbers of a running task, several times a second. */
export interface Numbers {
  id: number
  done: number
  received: number
  size: number | null
  speed: number
  eta: number | null
  stage: string
  note: string
  connections: number
  files: { name: string; size: number | null; done: number; speed: number; stage: string; note: string; pieces: string }[]
}

const SAMPLES = 60

/** Work on the library counts its own steps: they are no bytes. */
export const isCare = ({ stage }: Pick<Numbers, 'stage'>): boolean => stage === 'working'

/** What moves: kept apart from what is asked, so that a tick redraws only rows that run. */
export const useNumbers = defineStore('numbers', () => {
  const of = shallowReactive(new Map<number, Numbers>())
  const history = shallowReactive<number[]>([])
  const speed = computed(() => [...of.values()].reduce((sum, each) => sum + each.speed, 0))

  function take(told: Numbers[]): void {
    const running = told.filter((each) => each.stage) // one that has only begun has said nothing yet
    const ids = new Set(running.map((each) => each.id))
    for (const id of of.keys()) if (!ids.has(id)) of.delete(id)
    for (const each of running) of.set(each.id, each)
    history.push(speed.value)
    if (history.length > SAMPLES) history.shift()
  }

  function end(id: number): void {
    of.delete(id)
  }

  return { of, history, speed, take, end }
})
