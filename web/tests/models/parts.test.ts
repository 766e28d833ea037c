import { describe, expect, it } from 'vitest'
import { unstyled, withoutHead } from '@/models/description'
import { treeOf } from '@/models/folders'
import { addressOf, baseOf } from '@/models/looks'
import { isExplicit } from '@/models/nsfw'
import { BlobCache, isVideo } from '@/models/previews'

describe('pictures that are held', () => {
  it('the one not seen for longest goes first, and is given back', () => {
    const gone: string[] = []
    const cache = new BlobCache(2, (url) => gone.push(url))
    cache.set('a', '1')
    cache.set('b', '2')
    expect(cache.get('a')).toBe('1')
    cache.set('c', '3')
    expect(gone).toEqual(['2'])
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual(['1', undefined, '3'])
  })

  it('one that is replaced is given back', () => {
    const gone: string[] = []
    const cache = new BlobCache(2, (url) => gone.push(url))
    cache.set('a', '1')
    cache.set('a', '2')
    expect(gone).toEqual(['1'])
  })

  it('a video is known by its ending', () => {
    expect([isVideo('/a/b.MP4'), isVideo('/a/b.webm'), isVideo('/a/mp4.png'), isVideo('')]).toEqual([true, true, false, false])
  })
})

describe('folders', () => {
  it('become a tree', () => {
    const told = (place: string, models: number) => ({ root: '/m', place, models, size: models * 10 })
    expect(treeOf([told('style', 2), told('style/ink', 1), told('people', 1)])).toEqual([
      { name: 'people', place: 'people', models: 1, size: 10, folders: [] },
      { name: 'style', place: 'style', models: 2, size: 20, folders: [{ name: 'ink', place: 'style/ink', models: 1, size: 10, folders: [] }] },
    ])
  })
})

describe('what a model is shown as', () => {
  it('its author’s base goes before its family', () => {
    expect(baseOf({ base: 'Pony', family: 'sdxl' })).toBe('Pony')
    expect(baseOf({ base: '', family: 'sdxl' })).toBe('SDXL')
    expect(baseOf({ base: '', family: 'unknown' })).toBe('')
  })

  it('it is fetched again from where it came', () => {
    expect(addressOf({ hub: 'civitai', hub_model: '5', hub_version: '7' })).toBe('civitai:5@7')
    expect(addressOf({ hub: 'huggingface', hub_model: 'o/r', hub_version: '' })).toBe('hf:o/r')
    expect(addressOf({ hub: '', hub_model: '', hub_version: '' }, 'https://a.b/c')).toBe('https://a.b/c')
  })

  it('the most explicit bit decides whether it is blurred', () => {
    expect(isExplicit(1 | 2 | 8, 'explicit')).toBe(true)
    expect(isExplicit(4, 'explicit')).toBe(false)
    expect(isExplicit(0, 'soft')).toBe(false)
    expect(isExplicit(32, 'off')).toBe(false)
  })

  it('styles are gone before anything is cleaned', () => {
    expect(unstyled(`<p style="a:b" id=x>a</p><i STYLE='c'>b</i><b style=d>c</b><style>x</style>`)).toBe('<p id=x>a</p><i>b</i><b>c</b>')
    expect(unstyled('words about style = x')).toBe('words about style = x')
  })

  it('the head of a model card is not shown', () => {
    expect(withoutHead('---\nlicense: mit\n---\n# Card')).toBe('# Card')
    expect(withoutHead('# Card\n---\n')).toBe('# Card\n---\n')
  })
})
