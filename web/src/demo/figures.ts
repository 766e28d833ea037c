import type { Schemas, Task } from '@/api/client'
import { dayOf } from '@/pages/history/figures'
import { MIB, PACE } from './yard'

const HUBS = ['huggingface', 'civitai', 'modelscope']

type Day = Schemas['Statistics']['days'][number]

/** What ended on which day: the demo's own tasks, and a month before them that nobody lived through. */
export function figures(tasks: readonly Task[], since: string, until: string): Schemas['Statistics'] {
  const ended = tasks.filter((task) => task.ended && task.kind === 'download').map((task) => day(new Date(task.ended! * 1000), task.hub, task.done, Number(task.state === 'done'), Number(task.state === 'failed')))
  const days = [...month(), ...ended].filter((each) => (!since || each.day >= since) && (!until || each.day <= until))
  const sum = (name: 'bytes' | 'seconds' | 'done' | 'failed' | 'cancelled') => days.reduce((all, each) => all + each[name], 0)
  const [bytes, seconds] = [sum('bytes'), sum('seconds')]
  return { days, bytes, seconds, done: sum('done'), failed: sum('failed'), cancelled: sum('cancelled'), speed: seconds ? bytes / seconds : 0 }
}

function* month(): Generator<Day> {
  const now = new Date()
  for (let back = 29; back > 0; back--) {
    const date = new Date(now.getFullYear(), now.getMonth(), now.getDate() - back)
    const many = (back * 7) % 5 // some days nothing
    if (many) yield day(date, HUBS[back % HUBS.length]!, many * (900 + 37 * ((back * 13) % 17)) * MIB, many, Number(back % 9 === 0))
  }
}

const day = (date: Date, hub: string, bytes: number, done: number, failed: number): Day => ({ day: dayOf(date), hub, kind: 'download', bytes, seconds: bytes / PACE, done, failed, cancelled: 0 })
