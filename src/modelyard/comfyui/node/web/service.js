// The way to the service, by this ComfyUI's own port, and nothing else.
import { api } from '../../scripts/api.js'

export async function call(method, path, body) {
  const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
  const headers = { 'Content-Type': 'application/json' }
  const answer = await api.fetchApi(path, { method, headers, cache: 'no-store', ...sent })
  const text = await answer.text()
  const told = text ? JSON.parse(text) : null
  if (!answer.ok) throw Object.assign(new Error(told?.detail ?? answer.statusText), told)
  return told
}

export const ask = (method, path, body) => call(method, `/modelyard${path}`, body)
export const query = (said) => new URLSearchParams(Object.entries(said).filter(([, value]) => value !== '')).toString()

/** Listens to the service for as long as the page lives; looks again after a break, later and later. */
export function listen(on) {
  let [pause, timer, socket] = [1000, 0]
  const open = () => {
    clearTimeout(timer)
    const where = new URL(api.apiURL('/modelyard/live'), location.href)
    where.protocol = where.protocol.replace('http', 'ws')
    socket = new WebSocket(where)
    socket.onmessage = (message) => {
      const told = JSON.parse(message.data)
      pause = 1000
      if (told.hello || told.snapshot) on('here', {})
      if (told.event) on(told.event.kind, told.event.data)
    }
    socket.onclose = () => {
      on('gone', {})
      timer = setTimeout(open, pause)
      pause = Math.min(pause * 2, 30000)
    }
  }
  open()
  return { now: () => socket.readyState === WebSocket.CLOSED && open() }
}

export const later = (wait, what) => {
  let timer = 0
  return () => {
    clearTimeout(timer)
    timer = setTimeout(what, wait)
  }
}
export const OPEN = ['running', 'verifying', 'queued', 'waiting', 'paused']
export const downloads = (states, limit) =>
  ask('GET', `/tasks?kind=download&limit=${limit}${states.map((one) => `&state=${one}`).join('')}`)
