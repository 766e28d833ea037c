import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { said, type Schemas } from '@/api/client'
import { api } from '@/api/here'
import { asProblem, type Problem } from '@/api/problem'

export type Ensured = Schemas['Ensured']

/** One model that a workflow asks for, and what we know of it. */
export interface Row {
  name: string
  directory: string
  url: string
  hash: string
  standing: Ensured | null
}

const LARGEST = 64 * 1024 * 1024

/** A workflow that was dropped, anywhere on the page: which models it needs, and which of them are here. */
export const usePlanning = defineStore('planning', () => {
  const file = ref('')
  const busy = ref(false)
  const trouble = shallowRef<Problem | null>(null)
  const plan = shallowRef<Schemas['WorkflowView'] | null>(null)
  const rows = shallowRef<Row[]>([])

  async function read(given: File): Promise<void> {
    file.value = given.name
    busy.value = true
    trouble.value = plan.value = null
    rows.value = []
    try {
      if (given.size > LARGEST) throw { code: 'body-too-large', message: given.name, hint: '', retryable: false }
      plan.value = await said(
        api().POST('/api/v1/workflows/plan', {
          body: given as never,
          bodySerializer: (body: unknown) => body as Blob,
          headers: { 'Content-Type': 'application/octet-stream' },
        }),
      )
      rows.value = plan.value.needed.map(rowOf)
      await look()
    } catch (thrown) {
      trouble.value = asProblem(thrown)
    } finally {
      busy.value = false
    }
  }

  /** Ask what is here; with `fetch`, let what is missing be fetched. */
  async function look(fetch: Row[] = []): Promise<void> {
    const asked = fetch.length ? fetch : rows.value
    if (!asked.length) return
    const standing = await said(api().POST('/api/v1/ensure', { body: { wants: asked.map(wantOf), fetch: fetch.length > 0 } }))
    const told = new Map(asked.map((row, at) => [key(row), standing[at] ?? null]))
    rows.value = rows.value.map((row) => ({ ...row, standing: told.get(key(row)) ?? row.standing }))
  }

  return { file, busy, trouble, plan, rows, read, look }
})

function rowOf(told: Record<string, unknown>): Row {
  const text = (name: string) => (typeof told[name] === 'string' ? (told[name] as string) : '')
  return { name: text('name'), directory: text('directory'), url: text('url') || text('address'), hash: text('hash'), standing: null }
}

const key = (row: Row) => `${row.directory}/${row.name}`

function wantOf(row: Row) {
  return { folder: row.directory, name: row.name, address: row.url, ...(/^[0-9a-f]{64}$/i.test(row.hash) && { sha256: row.hash }) }
}
