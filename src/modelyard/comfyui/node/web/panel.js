// The sidebar: library, queue and missing models.
import { place, refresh } from './canvas.js'
import { Library } from './library.js'
import { Missing } from './missing.js'
import { Queue } from './queue.js'
import { ask, later } from './service.js'
import { STYLE } from './style.js'
import { h, toast, trouble } from './words.js'

const LOCAL = /^(localhost|127\.[\d.]+|\[::1\])$/

/** Keys in the sidebar are the sidebar's: to the host its fields look like no fields, so letters would be shortcuts, and Delete remove nodes. */
const quiet = (event) =>
  (event.target.matches?.('input, select') || !(event.ctrlKey || event.metaKey)) && event.stopPropagation()

export class Panel {
  tab = 'library'
  here = true
  live = null
  library = new Library()
  queue = new Queue(() => (this.tab === 'queue' ? this.show('queue') : this.top()))
  missing = new Missing(this)

  render(element) {
    const root = element.shadowRoot ?? element.attachShadow({ mode: 'open' })
    this.body = h('main')
    this.head = h(
      'nav',
      { role: 'tablist' },
      ...['library', 'queue', 'missing'].map((name) =>
        h('button', { role: 'tab', id: name, onclick: () => this.open(name) })
      )
    )
    this.note = h('div', { className: 'note', role: 'status' })
    for (const kind of ['keydown', 'keyup', 'paste', 'copy', 'cut']) root.addEventListener(kind, quiet)
    this.foot = h('footer')
    root.replaceChildren(h('style', { textContent: STYLE }), this.head, this.note, this.body, this.foot)
    this.open(this.tab)
    this.door()
  }

  /** The way to the service's own page, for all that is not done from here; one that listens to its own machine only is opened there. */
  async door() {
    const { url } = await ask('GET', '/page').catch(() => ({}))
    const reached = url && (!LOCAL.test(new URL(url).hostname) || LOCAL.test(location.hostname))
    const link = h('a', { href: url, target: '_blank', rel: 'noopener noreferrer', textContent: 'Open Modelyard' })
    this.foot?.replaceChildren(
      ...(reached ? [link] : url ? ['All else: run “modelyard page” on the machine of this ComfyUI.'] : [])
    )
  }

  /** A person opens a tab; what the workflow misses is looked for here at once, at hubs when somebody asks for that. */
  open(tab) {
    this.show(tab)
    if (tab === 'missing') this.missing.find()
  }

  show(tab) {
    this.tab = tab
    if (!this.body) return
    this.top()
    this[tab].render(this.body)
  }

  /** The tabs with their counts, and whether the service runs; what has the focus keeps it. */
  top() {
    if (!this.body) return
    const titles = {
      library: 'Library',
      queue: this.queue.waiting ? `Queue (${this.queue.waiting})` : 'Queue',
      missing: 'Missing'
    }
    for (const tab of this.head.children) {
      tab.textContent = titles[tab.id]
      tab.setAttribute('aria-selected', String(tab.id === this.tab))
    }
    if (this.here) this.note.replaceChildren()
    else if (!this.note.firstChild)
      this.note.append(
        'The Modelyard service does not run. ',
        h('button', { textContent: 'Start it', onclick: () => this.start() })
      )
  }

  async start() {
    const told = await ask('POST', '/start', {}).catch((error) => ({ problem: error }))
    if (told.problem) toast('error', told.problem.detail ?? told.problem.message, told.problem.hint)
    this.live?.now()
  }

  event(kind, data) {
    if (kind === 'here' || kind === 'gone') {
      this.here = kind === 'here'
      this.top()
      if (this.here) this.back()
    }
    if (kind === 'progress') this.queue.progress(data.tasks ?? [])
    if (/^(task|queue)\./.test(kind)) this.queue.reload()
    if (kind === 'task.moved' && data.to === 'done' && data.kind === 'download') this.landed()
    if (kind === 'model.added' || kind === 'model.gone') {
      refresh()
      this.library.again()
    }
    if (kind === 'comfyui.insert' && latest()) place(data).catch(trouble)
  }

  /** The service is there again: what was missed meanwhile is asked for. */
  back() {
    this.queue.reload()
    this.door()
    this.library.again()
  }

  /** One question for all that land together. */
  landed = later(500, () => {
    refresh()
    if (this.body && this.tab === 'missing') this.missing.find({ quiet: true })
  })
}

/** Of several open pages the one that was looked at last answers. */
const tab = String(Math.random())
export const seen = () => localStorage.setItem('modelyard.latest', tab)
const latest = () => [null, tab].includes(localStorage.getItem('modelyard.latest'))
