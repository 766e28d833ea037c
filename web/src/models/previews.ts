import { onScopeDispose, shallowRef, watch, type Ref } from 'vue'
import { said, type Model } from '@/api/client'
import { api } from '@/api/here'

const AT_ONCE = 6
const CALM = 90

/** Addresses of pictures that this page holds; the one that was not seen for longest goes first. */
export class BlobCache {
  private readonly kept = new Map<string, string>()

  constructor(
    private readonly most: number,
    private readonly revoke: (url: string) => void = (url) => URL.revokeObjectURL(url),
  ) {}

  get(key: string): string | undefined {
    const url = this.kept.get(key)
    if (url) {
      this.kept.delete(key)
      this.kept.set(key, url)
    }
    return url
  }

  set(key: string, url: string): void {
    this.drop(key)
    this.kept.set(key, url)
    const oldest = this.kept.keys().next().value
    if (this.kept.size > this.most && oldest !== undefined) this.drop(oldest)
  }

  drop(key: string): void {
    const url = this.kept.get(key)
    if (url) this.revoke(url)
    this.kept.delete(key)
  }
}

const cache = new BlobCache(400)
const queue: { run: () => Promise<void>; signal: AbortSignal }[] = []
let running = 0

/** The latest asked is the one in sight, so it goes first; what left the sight is not asked at all. */
function next(): void {
  while (running < AT_ONCE && queue.length) {
    const job = queue.pop()!
    if (job.signal.aborted) continue
    running++
    void job.run().finally(() => {
      running--
      next()
    })
  }
}

/** The address of a model's small picture, empty until it is here. `width` is in pixels of the screen. */
export function usePreview(model: Ref<Pick<Model, 'id' | 'picture'>>, width: number): Ref<string> {
  const url = shallowRef('')
  let stopper: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const leave = () => {
    clearTimeout(timer)
    stopper?.abort()
  }
  const key = () => `${model.value.id} ${width} ${model.value.picture}`
  watch(
    key,
    (wanted) => {
      leave()
      url.value = cache.get(wanted) ?? ''
      if (url.value) return
      const { signal } = (stopper = new AbortController())
      const { id, picture } = model.value
      const run = async () => {
        const blob = await small(id, width, picture, signal)
        if (!blob || signal.aborted) return
        cache.set(wanted, URL.createObjectURL(blob))
        url.value = cache.get(wanted)!
      }
      // While somebody scrolls past, nothing is fetched
      timer = setTimeout(() => {
        queue.push({ run, signal })
        next()
      }, CALM)
    },
    { immediate: true },
  )
  onScopeDispose(leave)
  return url
}

/** The stamp makes it an answer that the browser may keep for ever. */
async function small(id: number, width: number, picture: string, signal: AbortSignal): Promise<Blob | null> {
  try {
    return (await said(api().GET('/api/v1/models/{id}/preview', { params: { path: { id }, query: { width, v: picture } }, parseAs: 'blob', signal }))) as Blob
  } catch {
    return null // the place of a picture that cannot be had stays empty
  }
}

/** The preview as it lies on the disk; whoever asks revokes it. */
export async function wholePreview(id: number): Promise<string> {
  const blob = (await said(api().GET('/api/v1/models/{id}/preview/original', { params: { path: { id } }, parseAs: 'blob' }))) as unknown as Blob
  return URL.createObjectURL(blob)
}

export const isVideo = (preview: string): boolean => /\.(mp4|webm)$/i.test(preview)
