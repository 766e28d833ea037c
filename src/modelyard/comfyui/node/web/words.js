// What a person reads; no text of a stranger ever becomes markup.
import { app } from '../../scripts/app.js'

export function h(tag, props = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value)
    else if (name in made && name !== 'role') made[name] = value
    else made.setAttribute(name, value)
  }
  made.append(...children.filter((one) => one !== null && one !== undefined))
  return made
}

export function size(bytes) {
  if (!bytes) return ''
  const unit = Math.min(4, Math.floor(Math.log2(bytes) / 10))
  const number = bytes / 1024 ** unit
  return `${number.toFixed(number < 10 && unit ? 1 : 0)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][unit]}`
}

export const toast = (severity, summary, detail = '') =>
  app.extensionManager?.toast?.add({ severity, summary, detail, life: severity === 'error' ? 12000 : 4000 })
export const trouble = (error) => toast('error', error.message, error.hint ?? '')
