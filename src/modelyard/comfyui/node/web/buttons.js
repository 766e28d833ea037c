// The host's own download buttons.
import { call } from './service.js'
import { toast, trouble } from './words.js'

const TESTED = [
  [1, 49],
  [1, 58]
] // first and last front end whose download buttons we know

/** Takes the buttons of the host's panel over: they ask this object, where there is one, instead of opening a tab. */
export function takeOver(choice) {
  const [major, minor] = String(window.__COMFYUI_FRONTEND_VERSION__ ?? '0.0')
    .split('.')
    .map(Number)
  const number = major * 1000 + minor
  const tested = number >= TESTED[0][0] * 1000 + TESTED[0][1] && number <= TESTED[1][0] * 1000 + TESTED[1][1]
  const wanted = choice === 'always' || (choice !== 'never' && tested)
  const there = window.__comfyDesktop2
  if (there && there !== bridge) return // the desktop program itself
  if (wanted) window.__comfyDesktop2 = bridge
  else delete window.__comfyDesktop2
}

const bridge = {
  isRemote: () => false,
  async downloadModel(url, name, directory) {
    try {
      const told = await call('POST', '/models/download', { models: [{ url, name, directory }] })
      const [one] = told.models
      if (one.status === 'failed') throw new Error(one.error)
      toast('info', `${name} is on its way to ${directory}.`)
      return true
    } catch (error) {
      trouble(error)
      return false
    }
  }
}
