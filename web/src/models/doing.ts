import { useQueryClient } from '@tanstack/vue-query'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { said, type Details, type Model, type Schemas } from '@/api/client'
import { api } from '@/api/here'
import { useWrites } from '@/api/writes'
import { useToasts } from '@/ui/toasts'
import { MODELS } from './queries'

const MOST_UNDONE = 200

type Own = Schemas['Change']
type Begun = Promise<{ data?: { id: number }; error?: unknown; response: Response }>

/** The moves that take models back to where they lie now; none where they are too many to ask for one by one. */
async function wayBack(ids: number[]): Promise<Schemas['MoveBody'][]> {
  if (ids.length > MOST_UNDONE) return []
  const asked = await Promise.all(ids.map((id) => said(api().GET('/api/v1/models/{id}', { params: { path: { id } } }))))
  const groups = Map.groupBy(asked, ({ model }) => JSON.stringify([model.root, model.place.split('/').slice(0, -1).join('/')]))
  return [...groups].map(([key, found]) => {
    const [root, sub] = JSON.parse(key) as [string, string]
    return { ids: found.map(({ model }) => model.id), root, sub }
  })
}

type Patch = (ids: ReadonlySet<number>, change: Partial<Model>) => (some: ReadonlySet<number>) => void

/** What can be done with models. `patch` shows a change at once in the list that somebody looks at, and gives the way back. */
export function useDoing(patch: Patch = () => () => undefined) {
  const queries = useQueryClient()
  const toasts = useToasts()
  const router = useRouter()
  const { work: tried } = useWrites()
  const { t } = useI18n()
  const old = () => void queries.invalidateQueries({ queryKey: MODELS })

  /** Work that takes its time: it becomes a task, and the toast leads to it. */
  async function begin(name: string, count: number, asked: Begun): Promise<void> {
    const begun = await tried(() => said(asked))
    if (begun) toasts.tell(t(`library.begun.${name}`, count), { label: t('adding.look'), run: () => void router.push({ name: 'downloads', query: { show: 'chores', task: String(begun.id) } }) })
  }

  const verify = (ids: number[], mend = false) => begin(mend ? 'mend' : 'verify', ids.length, api().POST('/api/v1/library/verify', { body: { ids, mend } }))
  const measure = (ids: number[]) => begin('measure', ids.length, api().POST('/api/v1/library/measure', { body: { ids } }))
  const refresh = (ids: number[]) => begin('refresh', ids.length, api().POST('/api/v1/models/refresh', { body: { ids, force: true } }))
  const seekNewer = (ids: number[]) => begin('versions', ids.length, api().POST('/api/v1/library/versions', { body: { ids } }))

  /** Take models to a folder; undoing it takes each back to where it lay. */
  async function move(ids: number[], root: string, sub: string): Promise<void> {
    const back = await tried(() => wayBack(ids))
    const begun = back && (await tried(() => said(api().POST('/api/v1/models/move', { body: { ids, root, sub } }))))
    if (!begun) return
    const undo = async () => {
      for (const body of back) await said(api().POST('/api/v1/models/move', { body }))
    }
    const look = { label: t('adding.look'), run: () => void router.push({ name: 'downloads', query: { show: 'chores', task: String(begun.id) } }) }
    toasts.tell(t('library.begun.move', ids.length), back.length ? { label: t('do.undo'), run: () => void tried(undo) } : look)
  }

  /** What the owner says of one model; taken back when it cannot be kept. */
  async function own(id: number, change: Own, before: Partial<Model> = {}): Promise<void> {
    const shown = Object.fromEntries(Object.keys(before).map((name) => [name, change[name as keyof Own]])) as Partial<Model>
    patch(new Set([id]), shown)
    try {
      queries.setQueryData<Details>([...MODELS, 'one', id], await said(api().PATCH('/api/v1/models/{id}', { params: { path: { id } }, body: change })))
    } catch (thrown) {
      patch(new Set([id]), before)
      toasts.fail(thrown)
    }
  }

  const star = (model: Model) => own(model.id, { favourite: !model.favourite }, { favourite: model.favourite })

  async function starAll(ids: number[]): Promise<void> {
    const left = new Set(ids)
    const back = patch(new Set(ids), { favourite: true })
    await tried(async () => {
      for (const id of ids) {
        await said(api().PATCH('/api/v1/models/{id}', { params: { path: { id } }, body: { favourite: true } }))
        left.delete(id)
      }
    })
    if (left.size) back(left)
    old()
  }

  async function tag(ids: number[], add: string[], remove: string[]): Promise<boolean> {
    const done = await tried(async () => (await said(api().POST('/api/v1/models/tags', { body: { ids, add, remove } })), true))
    old()
    return done === true
  }

  async function trash(ids: number[]): Promise<void> {
    const told = await tried(() => said(api().POST('/api/v1/models/trash', { body: { ids } })))
    old()
    if (!told) return
    const refused = told.results.find((each) => each.error)
    if (refused?.error) toasts.fail(refused.error)
    const gone = told.results.flatMap((each) => each.trash || [])
    if (gone.length) toasts.tell(t('library.trashed', gone.length), { label: t('do.undo'), run: () => void restore(gone) })
  }

  async function restore(entries: string[]): Promise<void> {
    const told = await tried(() => said(api().POST('/api/v1/trash/undo', { body: { ids: entries } })))
    const refused = told?.find((each) => each.error)
    if (refused?.error) toasts.fail(refused.error)
    old()
  }

  /** Hear no more of the newer versions that are known now. */
  async function ignore(id: number, on = true): Promise<void> {
    const params = { path: { id } }
    const done = await tried(async () => (await said(api().POST('/api/v1/models/{id}/versions/ignore', { params, body: { version: '*', on } })), true))
    old()
    if (done && on) toasts.tell(t('library.ignored'), { label: t('do.undo'), run: () => void ignore(id, false) })
  }

  /** Give a model that could run code a name that no program loads. */
  async function quarantine(id: number): Promise<void> {
    const done = await tried(() => said(api().POST('/api/v1/models/{id}/quarantine', { params: { path: { id } } })))
    old()
    if (done) toasts.tell(t('library.quarantined'), { label: t('adding.look'), run: () => void router.push({ name: 'health', query: { part: 'quarantine' } }) })
  }

  async function rename(id: number, name: string): Promise<boolean> {
    const done = await tried(() => said(api().POST('/api/v1/models/{id}/rename', { params: { path: { id } }, body: { name } })))
    old()
    return done !== undefined
  }

  /** Another preview: a picture or a video of the person's, the former one, or the hub's again. */
  async function preview(id: number, how: File | 'restore' | 'regenerate' | 'remove'): Promise<void> {
    const params = { path: { id } }
    const done = await tried(() => {
      if (how === 'restore') return said(api().POST('/api/v1/models/{id}/preview/restore', { params }))
      if (how === 'regenerate') return said(api().POST('/api/v1/models/{id}/preview/regenerate', { params }))
      if (how === 'remove') return said(api().DELETE('/api/v1/models/{id}/preview', { params }))
      const headers = { 'Content-Type': how.type }
      return said(api().POST('/api/v1/models/{id}/preview', { params, body: how as never, bodySerializer: (body) => body as never, headers }))
    })
    if (!done) return
    patch(new Set([id]), { preview: done.preview })
    old()
  }

  return { verify, measure, refresh, seekNewer, move, own, star, starAll, tag, trash, quarantine, ignore, rename, preview }
}

export type Doing = ReturnType<typeof useDoing>
