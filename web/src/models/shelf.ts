import type { Model } from '@/api/client'

export interface Batch {
  models: Model[]
  next: string | null
}
/** Asks for the models behind a mark; null is the beginning. */
export type Ask = (after: string | null, limit: number, signal: AbortSignal) => Promise<Batch>

export const PAGE = 200
const LEAP = 1000
const KEPT = 20

/**
 * A long list of which only the pages in sight are held. Pages are found by keys, not by number: to reach a far one
 * for the first time it walks there in leaps and remembers the marks it passes.
 */
export class Shelf {
  private readonly marks = new Map<number, string | null>([[0, null]])
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
    return this.ended ?? Math.max(this.counted, ...[...this.pages].map(([page, { models }]) => page * PAGE + models.length), 0)
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

  patch(ids: ReadonlySet<number>, change: Partial<Model>): void {
    for (const page of this.pages.values()) {
      if (page.models.some((model) => ids.has(model.id))) {
        page.models = page.models.map((model) => (ids.has(model.id) ? { ...model, ...change } : model))
      }
    }
    this.changed()
  }

  /** The models from one place to another, also those that are not held. */
  async between(first: number, last: number, most: number): Promise<Model[]> {
    const found: Model[] = []
    let at = this.nearest(Math.floor(first / PAGE) * PAGE)
    for (let after = this.marks.get(at)!; at <= last && found.length < most; ) {
      const batch = await this.ask(after, LEAP, this.stopper.signal)
      found.push(...batch.models.filter((_, index) => at + index >= first && at + index <= last))
      at += batch.models.length
      if (batch.next === null) break
      after = batch.next
    }
    return found.slice(0, most)
  }

  end(): void {
    this.stopper.abort()
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

  /** Fetch one page, or go one leap nearer to it. */
  private async step(page: number): Promise<void> {
    const start = this.nearest(page * PAGE)
    const limit = Math.min(LEAP, page * PAGE - start) || PAGE
    const round = this.round
    const { models, next } = await this.ask(this.marks.get(start)!, limit, this.stopper.signal)
    for (let at = 0; at < Math.max(1, models.length); at += PAGE) {
      this.pages.set((start + at) / PAGE, { models: models.slice(at, at + PAGE), round })
    }
    if (next === null) this.endAt(start + models.length, round)
    else this.mark(start + limit, next)
    this.ready = true
    this.prune(page)
    this.changed()
  }

  private nearest(index: number): number {
    for (let at = index; at > 0; at -= PAGE) if (this.marks.has(at)) return at
    return 0
  }

  /** The page behind a mark that moved is another one now. */
  private mark(index: number, next: string): void {
    const moved = this.marks.has(index) && this.marks.get(index) !== next
    this.marks.set(index, next)
    const behind = this.pages.get(index / PAGE)
    if (moved && behind) behind.round = 0
  }

  private endAt(total: number, round: number): void {
    if (round === this.round) this.ended = total
    for (const at of this.marks.keys()) if (at > 0 && at >= total) this.marks.delete(at)
    for (const page of this.pages.keys()) if (page > 0 && page * PAGE >= total) this.pages.delete(page)
  }

  private prune(around: number): void {
    const far = [...this.pages.keys()].sort((a, b) => Math.abs(b - around) - Math.abs(a - around))
    for (const page of far.slice(0, Math.max(0, far.length - KEPT))) this.pages.delete(page)
  }
}
