// One model is asked for; what becomes of it is said.
import { ask } from './service.js'
import { toast } from './words.js'

export async function want(name, wanted) {
  const [told] = await ask('POST', '/ensure', { wants: [wanted], again: true })
  if (told.state === 'missing') throw new Error(told.reason)
  if (told.state === 'ready' && !told.name)
    throw new Error(`It is at ${told.path}, where this ComfyUI does not look. Share it with modelyard link.`)
  toast('info', told.state === 'ready' ? `${name} is here.` : `${name} is on its way.`)
}
