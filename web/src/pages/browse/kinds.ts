/** A picture for what a hub says a model is: CivitAI's types, the tasks of Hugging Face and ModelScope. */
const PICTURES: [RegExp, string][] = [
  [/lora|locon|dora/i, 'icon-[lucide--brush]'],
  [/checkpoint/i, 'icon-[lucide--cuboid]'],
  [/inversion|embedding/i, 'icon-[lucide--type]'],
  [/controlnet/i, 'icon-[lucide--scan-line]'],
  [/upscal/i, 'icon-[lucide--image-upscale]'],
  [/vae/i, 'icon-[lucide--aperture]'],
  [/video/i, 'icon-[lucide--video]'],
  [/audio|speech|music/i, 'icon-[lucide--audio-lines]'],
  [/image/i, 'icon-[lucide--image]'],
  [/text|conversation|question|translation|summar/i, 'icon-[lucide--message-square-text]'],
]

export const pictureOf = (kind: string): string => PICTURES.find(([words]) => words.test(kind))?.[1] ?? 'icon-[lucide--box]'

/** What it is, for people; that a model is a model says nothing. */
export const kindOf = (kind: string): string => (kind === 'model' ? '' : kind.replaceAll('-', ' '))
