import type { Model } from '@/api/client'

const TITLES = ['Ink wash', 'Paper cut', 'Night train', 'Porcelain', 'Field notes', 'Copper plate', 'Slow river', 'Glass bead', 'Chalk', 'Winter light', 'Old map', 'Gouache', 'Moss', 'Linocut', 'Tin toy', 'Harbour', 'Velvet', 'Sketch', 'Amber', 'Low tide', 'Marble', 'Tapestry', 'Neon alley', 'Sumi']
const FAMILIES = [['sdxl', 'SDXL 1.0'], ['flux1', 'Flux.1 D'], ['sd15', 'SD 1.5']] as const

/** A small shelf. */
export function models(): Model[] {
  const now = Date.now() / 1000
  return TITLES.map((title, at): Model => {
    const [family, base] = FAMILIES[at % 3]!
    const kind = at % 5 === 0 ? 'checkpoint' : 'lora'
    const folder = kind === 'lora' ? 'loras' : 'checkpoints'
    const name = title.toLowerCase().replace(' ', '-')
    return {
      ...{ id: at + 1, title, name: `${name}.safetensors`, path: `/models/${folder}/${name}.safetensors`, place: `${folder}/${name}.safetensors` },
      ...{ root: `/models/${folder}`, folder, kind, family, base, format: 'safetensors', dtype: 'F16', quantisation: '', certainty: 'certain', completeness: 'complete' },
      ...{ size: (kind === 'lora' ? 218 : 6_617) * 1024 * 1024, parameters: 0, health: at === 7 ? 'damaged' : at % 4 ? 'good' : 'unverified', problems: [] },
      ...{ hub: 'civitai', hub_model: String(1000 + at), hub_version: '1', author: 'atelier', licence: '', sha256: '', preview: 'drawn', picture: '1', nsfw: 0, team: '' },
      ...{ favourite: at % 6 === 0, rating: 0, notes: '', added: now - at * 86_400, modified: now, checked: now, asked: now, gone: 0, used: 0, uses: 0 },
    }
  })
}

/** A picture that differs by model. */
export function picture(id: number): Blob {
  const hue = (id * 47) % 360
  const rings = [0, 1, 2, 3].map((at) => `<circle cx="${60 + ((id * 31) % 200)}" cy="130" r="${30 + 44 * at}" fill="none" stroke="hsl(${hue} 60% 80% / .5)" stroke-width="12"/>`)
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="400"><rect width="320" height="400" fill="hsl(${hue} 45% 42%)"/>${rings.join('')}</svg>`
  return new Blob([text], { type: 'image/svg+xml' })
}
