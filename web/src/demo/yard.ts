import type { Model, State, Task } from '@/api/client'
import { models } from './models'

type Tell = (kind: string, data: Record<string, unknown>) => void

export const MIB = 1024 * 1024
const OPEN: State[] = ['running', 'queued', 'paused']
const SLOTS = 2
/** Bytes a second of a running task. */
export const PACE = 22 * MIB

/** What a demo remembers: tasks that really move, and a shelf of models. */
export class DemoYard {
  tasks: Task[] = []
  models: Model[] = models()
  readonly keys = new Set<string>()
  /** Ended tasks that left the list; history keeps them. */
  readonly cleared = new Set<number>()
  private next = 1

  constructor(private readonly tell: Tell) {
    this.add('hf:atelier/inkwash-xl/inkwash-xl.safetensors', 96 * MIB, 'done')
    this.add('hf:atelier/only-friends/only-friends.safetensors', 8 * MIB)
    this.add('hf:atelier/paper-theatre/paper-theatre.gguf', 900 * MIB)
    this.add('civitai:133005', 6.46 * 1024 * MIB)
    this.add('hf:atelier/night-train/night-train.safetensors', 700 * MIB)
  }

  add(address: string, size = (20 + Math.random() * 400) * MIB, state: State = 'queued'): Task {
    const now = Date.now() / 1000
    const task: Task = {
      ...{ id: this.next++, kind: 'download', address, hub: address.split(':')[0] ?? '', target: '/models/loras', options: {}, priority: 'normal', state },
      ...{ title: address.split('/').at(-1) ?? address, position: this.next, reason: '', until: null, follows: null, run: 0, attempts: 0, error: null },
      ...{ result: null, size: Math.round(size), done: 0, received: 0, seconds: 0, created: now, started: null, ended: null, favourite: false, live: null },
    }
    if (state === 'done') this.finish(task)
    this.tasks.push(task)
    this.tell('task.added', { ids: [task.id] })
    return task
  }

  /** Work on the library, which here is done at once. */
  chore(kind: string): Task {
    const task = Object.assign(this.add('', 1, 'queued'), { kind, title: kind, target: '' })
    this.to(task, 'running')
    this.to(task, 'done', { done: 1, result: {} })
    return task
  }

  task(id: number): Task | undefined {
    return this.tasks.find((each) => each.id === id)
  }

  /** A move, announced as the service announces it. */
  to(task: Task, state: State, more: Partial<Task> = {}): void {
    const from = task.state
    Object.assign(task, { error: null, reason: '' }, more, { state, ended: OPEN.includes(state) ? null : Date.now() / 1000 })
    this.tell('task.moved', { ...task, from, to: state })
  }

  /** Put tasks before another one, or at the top. */
  place(ids: number[], before?: number): void {
    const [moved, others] = [this.tasks.filter((task) => ids.includes(task.id)), this.tasks.filter((task) => !ids.includes(task.id))]
    const at = before === undefined ? 0 : others.findIndex((task) => task.id === before)
    this.tasks = others.toSpliced(at, 0, ...moved)
  }

  forget(ids: number[]): void {
    this.tasks = this.tasks.filter((task) => !ids.includes(task.id))
  }

  /** Let some seconds pass. */
  move(seconds: number): void {
    for (const task of this.tasks.filter((each) => each.state === 'queued').slice(0, SLOTS - this.running().length)) this.begin(task)
    for (const task of this.running()) {
      task.done = Math.min(task.size!, task.done + (18 + 8 * Math.random()) * MIB * seconds)
      if (task.done >= task.size!) this.to(task, 'done', this.finish(task))
    }
    if (this.running().length) this.tell('progress', { tasks: this.running().map(numbers) })
  }

  private running(): Task[] {
    return this.tasks.filter((each) => each.state === 'running')
  }

  private begin(task: Task): void {
    this.to(task, 'running', { started: Date.now() / 1000 })
    if (task.address.includes('only-friends') && !this.keys.has('huggingface')) {
      const message = 'atelier/only-friends is gated: Hugging Face wants to know who you are.'
      this.to(task, 'failed', { error: { code: 'login-needed', message, hint: 'Give any key here: this is a demo.', retryable: false } })
    }
  }

  private finish(task: Task): Partial<Task> {
    const file = { path: `${task.target}/${task.title}`, size: task.size, sha256: 'c0ffee'.repeat(11).slice(0, 64), verified: true }
    return Object.assign(task, { done: task.size!, ended: Date.now() / 1000, result: { files: [file] } as never })
  }
}

function numbers(task: Task) {
  const full = Math.floor((48 * task.done) / task.size!)
  const file = { name: task.title, size: task.size, done: task.done, speed: PACE, stage: 'transferring', note: '', pieces: '9'.repeat(full).padEnd(48, '0') }
  return { ...file, id: task.id, received: task.done, eta: (task.size! - task.done) / PACE, connections: 4, files: [file] }
}
