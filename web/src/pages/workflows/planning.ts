import { useDebounceFn } from '@vueuse/core'
import { defineStore } from 'pinia'
import { computed, ref, shallowReactive, shallowRef } from 'vue'
import { said, type State } from '@/api/client'
import { api } from '@/api/here'
import { asProblem, type Problem, type Trouble } from '@/api/problem'
import { useLive } from '@/live/live'
import { ENDED } from '@/tasks/tasks'
import { merged, type Plan, type Planned } from './plans'

const LARGEST = 64 * 1024 * 1024
const PAUSE = 400

/** How far the fetching of one model is. */
export interface Fetching {
  id: number
  state: State
  error: Trouble | null
}

/** The body of every question here is the file itself. */
const sent = (file: File) => ({ body: file as never, bodySerializer: (body: unknown) => body as Blob, headers: { 'Content-Type': 'application/octet-stream' } })

/** A workflow that was dropped, anywhere on the page: which models it needs, which are here, and how the others come. */
export const usePlanning = defineStore('planning', () => {
  const given = shallowRef<File | null>(null)
  const busy = ref(false)
  const searching = ref(false)
  const trouble = shallowRef<Problem | null>(null)
  const plan = shallowRef<Plan | null>(null)
  const accepts = ref(false)
  const fetching = shallowReactive(new Map<string, Fetching>())
  const file = computed(() => given.value?.name ?? '')
  let turn = 0

  /** What is here is told at once; then hubs are asked for the rest. */
  async function read(next: File): Promise<void> {
    given.value = next
    plan.value = null
    accepts.value = false
    fetching.clear()
    await look(true)
  }

  async function look(search: boolean): Promise<void> {
    const mine = ++turn
    busy.value = plan.value === null
    trouble.value = null
    try {
      if (given.value!.size > LARGEST) throw { code: 'body-too-large', message: given.value!.name, hint: '', retryable: false }
      const quick = await asked(false)
      if (mine !== turn) return
      plan.value = merged(plan.value, quick)
      busy.value = false
      if (!search || quick.models.every((model) => model.state === 'here')) return
      searching.value = true
      const found = await asked(true)
      if (mine === turn) plan.value = found
    } catch (thrown) {
      if (mine === turn) trouble.value = asProblem(thrown)
    } finally {
      if (mine === turn) busy.value = searching.value = false
    }
  }

  const accept = () => (accepts.value ? (['likely'] as 'likely'[]) : [])
  const asked = (search: boolean) => said(api().POST('/api/v1/workflows/plan', { params: { query: { search, accept: accept() } }, ...sent(given.value!) }))

  /** Queue everything that can be fetched. */
  async function get(): Promise<number> {
    const told = await said(api().POST('/api/v1/workflows/get', { params: { query: { accept: accept() } }, ...sent(given.value!) }))
    plan.value = told.plan
    for (const { id, target } of told.tasks) fetching.set(target, { id, state: 'queued', error: null })
    void catchUp()
    return told.tasks.length
  }

  /** Fetch one model from where a person chose. */
  async function take(model: Planned, address: string): Promise<void> {
    const sha256 = address === model.address && /^[0-9a-f]{64}$/i.test(model.hash ?? '') ? { sha256: model.hash } : {}
    const { ids, refused } = await said(api().POST('/api/v1/tasks', { body: { items: [{ address, to: model.target ?? '', ...sha256 }] } }))
    if (refused[0]) throw refused[0].error
    fetching.set(model.target ?? '', { id: ids[0]!, state: 'queued', error: null })
    void catchUp()
  }

  /** The file with the names that models have here. */
  const fix = async (): Promise<Blob> => (await said(api().POST('/api/v1/workflows/fix', { params: { query: { accept: accept() } }, parseAs: 'blob', ...sent(given.value!) }))) as unknown as Blob

  const again = useDebounceFn(() => given.value && look(false), PAUSE)
  function moved(id: number, state: State, error: Trouble | null): void {
    for (const [target, one] of fetching) if (one.id === id) fetching.set(target, { id, state, error })
    if (state === 'done') void again()
  }
  const live = useLive()
  live.onEvent.add(({ kind, data }) => {
    if (kind === 'task.moved' && [...fetching.values()].some((one) => one.id === data.id)) moved(Number(data.id), data.to as State, (data.error ?? null) as Trouble | null)
  })
  live.onSnapshot.add(() => void catchUp())

  /** What happened while nobody listened, or before we knew whose task it is. */
  async function catchUp(): Promise<void> {
    for (const { id, state } of [...fetching.values()].filter((one) => !ENDED.includes(one.state))) {
      const task = await said(api().GET('/api/v1/tasks/{id}', { params: { path: { id } } })).catch(() => null)
      if (task && task.state !== state) moved(id, task.state, task.error)
    }
  }

  return { file, busy, searching, trouble, plan, accepts, fetching, read, look, get, take, fix }
})
