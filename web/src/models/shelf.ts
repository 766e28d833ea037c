import type { Model } from '@/api/client'

export interface Batch {
  models: Model[]
  next: string | null
}
/** Where a page begins: so many models from the beginning, or behind a mark. */
export type Start = { offset: number } | { after: string }
export type Ask = (start: Start, limit: number, signal: AbortSignal) => Promise<Batch>

export const PAGE = 200
const LEAP = 1000
const KEPT = 20

/** A long list of which only the pages in sight are held, each asked by its number. */
export class Shelf {
  private readonly pages = new Map<number, { models: Model[]; round: number }>()
  private readonly stopper = new AbortController()
  private wanted: [number, number] = [0, 0]
  private round = 1
  private counted = 0
  private ended: number | null = null
  private busy = false
  trouble: unknown = null
  /** Whether the first page came. */
  ready = false

  constructor(
    private readonly ask: Ask,
    private readonly changed: () => void,
  ) {}

  /** How many there are, as far as anybody knows. */
  get total(): number {
    return this.ended ?? Math.max(this.counted, ...[...this.pages].map(([page, { models }]) => (models.length ? page * PAGE + models.length : 0)), 0)
  }

  at(index: number): Model | undefined {
    return this.pages.get(Math.floor(index / PAGE))?.models[index % PAGE]
  }

  /** What was counted elsewhere. */
  count(total: number): void {
    this.counted = total
    this.changed()
  }

  /** These are in sight: fetch what lacks, the first one first. */
  want(first: number, last: number): void {
    this.wanted = [first, last]
    void this.work()
  }

  /** Something changed: what is in sight is asked again, and stands until the answer comes. */
  stale(): void {
    this.round++
    this.ended = null
    void this.work()
  }

  /** Show a change before it is kept; gives the way to take it back from some of them. */
  patch(ids: ReadonlySet<number>, change: Partial<Model>): (some: ReadonlySet<number>) => void {
    const before = new Map<number, Partial<Model>>()
    this.amend(ids, (model) => {
      before.set(model.id, Object.fromEntries(Object.keys(change).map((name) => [name, model[name as keyof Model]])))
      return change
    })
    return (some) => this.amend(some, (model) => before.get(model.id) ?? {})
  }

  /** The models from one place to another, also those that are not held. */
  async between(first: number, last: number, most: number): Promise<Model[]> {
    const wanted = Math.min(last - first + 1, most)
    const found: Model[] = []
    for (let start: Start = { offset: first }; found.length < wanted; ) {
      const { models, next } = await this.ask(start, Math.min(LEAP, wanted - found.length), this.stopper.signal)
      found.push(...models)
      if (next === null) break
      start = { after: next }
    }
    return found
  }

  end(): void {
    this.stopper.abort()
  }

  private amend(ids: ReadonlySet<number>, change: (model: Model) => Partial<Model>): void {
    for (const page of this.pages.values()) {
      if (page.models.some((model) => ids.has(model.id))) {
        page.models = page.models.map((model) => (ids.has(model.id) ? { ...model, ...change(model) } : model))
      }
    }
    this.changed()
  }

  private async work(): Promise<void> {
    if (this.busy) return
    this.busy = true
    this.trouble = null
    try {
      for (let page = this.missing(); page !== null; page = this.missing()) await this.step(page)
    } catch (thrown) {
      if (!this.stopper.signal.aborted) this.trouble = thrown
    }
    this.busy = false
    this.changed()
  }

  private missing(): number | null {
    const [first, last] = this.wanted
    const most = this.ended ?? Infinity
    for (let page = Math.floor(first / PAGE); page * PAGE <= last && (page === 0 || page * PAGE < most); page++) {
      if (this.pages.get(page)?.round !== this.round) return page
    }
    return null
  }

  private async step(page: number): Promise<void> {
    const round = this.round
    const { models, next } = await this.ask({ offset: page * PAGE }, PAGE, this.stopper.signal)
    this.pages.set(page, { models, round })
    // An empty page lies behind the end: where that is, the page before it or the next count says
    if (next === null && (models.length || page === 0)) this.endAt(page * PAGE + models.length, round)
    this.ready = true
    this.prune(page)
    this.changed()
  }

  private endAt(total: number, round: number): void {
    if (round === this.round) this.ended = total
    for (const page of this.pages.keys()) if (page > 0 && page * PAGE >= total) this.pages.delete(page)
  }

  private prune(around: number): void {
    const far = [...this.pages.keys()].sort((a, b) => Math.abs(b - around) - Math.abs(a - around))
    for (const page of far.slice(0, Math.max(0, far.length - KEPT))) this.pages.delete(page)
  }
}
