import type { Model } from '@/api/client'

/** The picture and the colour of each health; the words stand under `healths`. */
export const HEALTHS: Record<Model['health'], { icon: string; colour: string }> = {
  good: { icon: 'icon-[lucide--shield-check]', colour: 'text-good' },
  unverified: { icon: 'icon-[lucide--shield-question-mark]', colour: 'text-faint' },
  damaged: { icon: 'icon-[lucide--shield-alert]', colour: 'text-bad' },
  unsafe: { icon: 'icon-[lucide--biohazard]', colour: 'text-warn' },
}

const FAMILIES: Record<string, string> = {
  sd15: 'SD 1.5', sd21: 'SD 2.1', sdxl: 'SDXL', 'sdxl-refiner': 'SDXL Refiner', 'sd3-medium': 'SD 3 Medium', flux1: 'FLUX.1', 'flux1-fill': 'FLUX.1 Fill', flux2: 'FLUX.2',
  'qwen-image': 'Qwen-Image', 'z-image': 'Z-Image', 'hunyuan-video': 'HunyuanVideo', ltxv: 'LTX-Video', lumina2: 'Lumina 2', llama: 'Llama', bert: 'BERT', anima: 'Anima',
  t5xxl: 'T5-XXL', clip_l: 'CLIP-L', clip_g: 'CLIP-G', taesd: 'TAESD', 'flux1-vae': 'FLUX.1 VAE', 'sd15-vae': 'SD 1.5 VAE', 'wan2.2-vae': 'Wan 2.2 VAE',
}
const HUBS: Record<string, string> = { civitai: 'CivitAI', huggingface: 'Hugging Face', modelscope: 'ModelScope', github: 'GitHub', web: 'Web' }

/** Names of families and hubs as people write them; they are the same in all languages. */
export const familyName = (family: string): string => FAMILIES[family] ?? family
export const hubName = (hub: string): string => HUBS[hub] ?? hub

/** The base for people: what its author says, else the family that its structure has. */
export const baseOf = (model: Pick<Model, 'base' | 'family'>): string => model.base || (model.family === 'unknown' ? '' : familyName(model.family))

/** Where a model can be fetched from again, empty when nobody knows. */
export function addressOf(model: Pick<Model, 'hub' | 'hub_model' | 'hub_version'>, page = ''): string {
  const { hub, hub_model, hub_version } = model
  if (!hub_model) return page
  if (hub === 'civitai') return hub_version ? `civitai:${hub_model}@${hub_version}` : `civitai:${hub_model}`
  if (hub === 'huggingface') return hub_version ? `hf:${hub_model}@${hub_version}` : `hf:${hub_model}`
  return hub === 'modelscope' ? `ms:${hub_model}` : page
}
