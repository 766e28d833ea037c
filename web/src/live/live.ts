import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { Told } from '@/api/client'
import { api, client } from '@/api/here'

type Connection = 'connecting' | 'live' | 'lost'
type OnEvent = (told: Told) => void
type OnSnapshot = (state: Record<string, unknown>) => void

const FIRST_WAIT = 500
const LONGEST_WAIT = 15_000
/** So long may nothing be said before somebody asks whether the service still answers, ms. */
export const SILENCE = 20_000
/** So long may that answer take, ms. */
export const PATIENCE = 5_000
/** A timer that comes so much too late slept with its machine: the line may be dead and nobody was told, ms. */
const ASLEEP = 90_000

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
  let silence: ReturnType<typeof setTimeout> | undefined

  function start(): void {
    stop?.()
    clearTimeout(timer)
    watch()
    stop = client().listen(newest, {
      opened: () => {
        watch()
        connection.value = 'live'
        wait = FIRST_WAIT
      },
      event: (told) => {
        watch()
        newest = told.number
        for (const each of onEvent) each(told)
      },
      snapshot: (state, number) => {
        watch()
        newest = number
        for (const each of onSnapshot) each(state)
      },
      closed: lose,
    })
  }

  function lose(): void {
    clearTimeout(silence)
    clearTimeout(timer)
    connection.value = 'lost'
    timer = setTimeout(start, wait)
    wait = Math.min(wait * 2, LONGEST_WAIT)
  }

  /** Something was said, or is about to be: look again when it was quiet for long. */
  function watch(): void {
    clearTimeout(silence)
    const due = Date.now() + SILENCE
    silence = setTimeout(() => (Date.now() - due > ASLEEP ? start() : void check()), SILENCE)
  }

  /** A line says nothing of its own death: a service that hangs, or a pulled cable, is found by asking. */
  async function check(): Promise<void> {
    const asked = stop
    const answered = await answers()
    if (stop !== asked) return
    if (answered) return watch()
    asked?.()
    lose()
  }

  /** The person asked, or came back, or the machine woke up: try again now, or see whether it is still true. */
  function again(): void {
    if (connection.value === 'lost') start()
    else if (connection.value === 'live') void check()
  }

  return { connection, start, again, onEvent, onSnapshot }
})

/** Whether the service says anything at all, in time. */
async function answers(): Promise<boolean> {
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), PATIENCE)
  try {
    await api().GET('/api/v1/session', { signal: patience.signal })
    return true
  } catch {
    return false // whatever it was, nothing came
  } finally {
    clearTimeout(timer)
  }
}
