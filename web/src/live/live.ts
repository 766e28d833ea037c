import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { Told } from '@/api/client'
import { client } from '@/api/here'

type Connection = 'connecting' | 'live' | 'lost'
type OnEvent = (told: Told) => void
type OnSnapshot = (state: Record<string, unknown>) => void

const FIRST_WAIT = 500
const LONGEST_WAIT = 15_000

/**
 * What happens, as it happens. After a break the service replays what was missed; when it cannot, it sends the whole
 * state instead, and everybody who listens takes that.
 */
export const useLive = defineStore('live', () => {
  const connection = ref<Connection>('connecting')
  const onEvent = new Set<OnEvent>()
  const onSnapshot = new Set<OnSnapshot>()
  let newest: number | null = null
  let wait = FIRST_WAIT
  let stop: (() => void) | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  function start(): void {
    stop?.()
    clearTimeout(timer)
    stop = client().listen(newest, {
      opened: () => {
        connection.value = 'live'
        wait = FIRST_WAIT
      },
      event: (told) => {
        newest = told.number
        for (const each of onEvent) each(told)
      },
      snapshot: (state, number) => {
        newest = number
        for (const each of onSnapshot) each(state)
      },
      closed: () => {
        connection.value = 'lost'
        timer = setTimeout(start, wait)
        wait = Math.min(wait * 2, LONGEST_WAIT)
      },
    })
  }

  /** Try again now: the person asked, or the machine woke up. */
  function again(): void {
    if (connection.value === 'lost') start()
  }

  return { connection, start, again, onEvent, onSnapshot }
})
