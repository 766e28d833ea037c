// Modelyard inside ComfyUI: queue, library and missing models in the sidebar.
// Everything comes from this ComfyUI's own port; no text of a stranger ever becomes markup.
import { app } from '../../scripts/app.js'
import { api } from '../../scripts/api.js'

const [ID, DRAG, NATIVE] = ['modelyard', 'application/x-modelyard', 'Modelyard.NativeDownloads']
const LOCAL = /^(localhost|127\.[\d.]+|\[::1\])$/
const TESTED = [[1, 49], [1, 58]] // first and last front end whose download buttons we know

// --- the service --------------------------------------------------------------------------------

async function call(method, path, body) {
  const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
  const headers = { 'Content-Type': 'application/json' }
  const answer = await api.fetchApi(path, { method, headers, cache: 'no-store', ...sent })
  const text = await answer.text()
  const told = text ? JSON.parse(text) : null
  if (!answer.ok) throw Object.assign(new Error(told?.detail ?? answer.statusText), told)
  return told
}

const ask = (method, path, body) => call(method, `/modelyard${path}`, body)
const query = (said) => new URLSearchParams(Object.entries(said).filter(([, value]) => value !== '')).toString()

/** Listens to the service for as long as the page lives; looks again after a break, later and later. */
function listen(on) {
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

const later = (wait, what) => {
  let timer = 0
  return () => {
    clearTimeout(timer)
    timer = setTimeout(what, wait)
  }
}

// --- words --------------------------------------------------------------------------------------

function h(tag, props = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value)
    else if (name in made && name !== 'role') made[name] = value
    else made.setAttribute(name, value)
  }
  made.append(...children.filter((one) => one !== null && one !== undefined))
  return made
}

function size(bytes) {
  if (!bytes) return ''
  const unit = Math.min(4, Math.floor(Math.log2(bytes) / 10))
  const number = bytes / 1024 ** unit
  return `${number.toFixed(number < 10 && unit ? 1 : 0)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][unit]}`
}

const toast = (severity, summary, detail = '') =>
  app.extensionManager?.toast?.add({ severity, summary, detail, life: severity === 'error' ? 12000 : 4000 })
const trouble = (error) => toast('error', error.message, error.hint ?? '')

// --- the graph ----------------------------------------------------------------------------------

let loaders = []

const plain = (name) => String(name).replaceAll('\\', '/')
const fits = (row, name) =>
  row.suffixes.length ? row.suffixes.some((end) => name.toLowerCase().endsWith(end)) : !name.toLowerCase().endsWith('.gguf')

/** Puts a model into the loader under the pointer, or makes one there. */
async function place(model, event) {
  const rows = loaders.filter((row) => row.folder === model.folder && fits(row, model.name))
  const at = event ? app.clientPosToCanvasPos([event.clientX, event.clientY]) : middle()
  const graph = app.canvas?.graph ?? app.graph
  const under = event && graph.getNodeOnPos(at[0], at[1])
  const filled = under && rows.find((row) => row.node === under.type)
  if (filled) return fill(under, filled.widget, model.name)
  const row = rows.find((one) => LiteGraph.registered_node_types[one.node])
  if (!row) return toast('warn', `No node here loads ${model.folder || 'such models'}.`, 'Add one to comfyui-loaders.json.')
  const node = LiteGraph.createNode(row.node)
  node.pos = [...at]
  graph.add(node)
  return fill(node, row.widget, model.name)
}

/** Puts another name into every widget that holds this one, nested workflows too. */
async function rename(name, other) {
  const seen = [...(app.rootGraph ?? app.graph)._nodes]
  for (const node of seen) {
    if (node.subgraph) seen.push(...node.subgraph._nodes)
    for (const widget of node.widgets ?? []) if (plain(widget.value) === plain(name)) await fill(node, widget.name, other)
  }
}

function middle() {
  const box = app.canvas.canvas.getBoundingClientRect()
  return app.clientPosToCanvasPos([box.left + box.width / 2, box.top + box.height / 3])
}

async function fill(node, field, name) {
  const widget = node.widgets?.find((one) => one.name === field)
  const value = await listed(widget, name)
  if (value === undefined) return toast('warn', `${name} is not in this ComfyUI's list.`, 'It may lie in a folder of another program.')
  widget.value = value
  widget.callback?.(value, app.canvas, node)
  app.graph.setDirtyCanvas(true, true)
}

async function listed(widget, name) {
  for (const again of [false, true]) {
    if (again) await relist()
    const given = widget?.options?.values
    const values = (typeof given === 'function' ? given() : given) ?? []
    const found = values.find((one) => plain(one) === plain(name))
    if (found !== undefined) return found
  }
}

/** New names in every list, without the host's two toasts. */
const relist = () => (app.reloadNodeDefs ? app.reloadNodeDefs() : app.refreshComboInNodes())

/** The same, and the host's own panel of missing models looks again. */
const refresh = later(300, async () => {
  await relist()
  const pinia = document.querySelector('#vue-app')?.__vue_app__?.config.globalProperties.$pinia
  await pinia?._s.get('missingModel')?.refreshMissingModels?.({ reloadDefs: false })
  app.graph?.setDirtyCanvas(true, true) // red frames go
})

function dropping() {
  const ours = (event) => event.dataTransfer?.types.includes(DRAG) &&
    document.elementsFromPoint(event.clientX, event.clientY).includes(app.canvas?.canvas)
  document.addEventListener('dragover', (event) => ours(event) && event.preventDefault(), true)
  document.addEventListener('drop', (event) => {
    if (!ours(event)) return
    event.preventDefault()
    event.stopPropagation()
    place(JSON.parse(event.dataTransfer.getData(DRAG)), event).catch(trouble)
  }, true)
}

// --- the host's own download buttons --------------------------------------------------------------

/** Takes the buttons of the host's panel over: they ask this object, where there is one, instead of opening a tab. */
function takeOver(choice) {
  const [major, minor] = String(window.__COMFYUI_FRONTEND_VERSION__ ?? '0.0').split('.').map(Number)
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

// --- the sidebar --------------------------------------------------------------------------------

/** Keys in the sidebar are the sidebar's: to the host its fields look like no fields, so letters would be shortcuts, and Delete remove nodes. */
const quiet = (event) => (event.target.matches?.('input, select') || !(event.ctrlKey || event.metaKey)) && event.stopPropagation()

class Panel {
  tab = 'library'
  here = true; said = {}
  tasks = []; waiting = 0
  plan = null; live = null

  render(element) {
    const root = (element.shadowRoot ?? element.attachShadow({ mode: 'open' }))
    this.body = h('main')
    this.head = h('nav', { role: 'tablist' }, ...['library', 'queue', 'missing'].map((name) => h('button', { role: 'tab', id: name, onclick: () => this.open(name) })))
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
    this.foot?.replaceChildren(...(reached ? [link] : url ? ['All else: run “modelyard page” on the machine of this ComfyUI.'] : []))
  }

  /** A person opens a tab; what the workflow misses is looked for here at once, at hubs when somebody asks for that. */
  open(tab) {
    this.show(tab)
    if (tab === 'missing') this.find()
  }

  show(tab) {
    this.tab = tab
    if (!this.body) return
    this.top()
    this[tab]()
  }

  /** The tabs with their counts, and whether the service runs; what has the focus keeps it. */
  top() {
    if (!this.body) return
    const titles = { library: 'Library', queue: this.waiting ? `Queue (${this.waiting})` : 'Queue', missing: 'Missing' }
    for (const tab of this.head.children) {
      tab.textContent = titles[tab.id]
      tab.setAttribute('aria-selected', String(tab.id === this.tab))
    }
    if (this.here) this.note.replaceChildren()
    else if (!this.note.firstChild) this.note.append('The Modelyard service does not run. ', h('button', { textContent: 'Start it', onclick: () => this.start() }))
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
      if (this.here) this.reload(), this.door()
      if (this.here && this.cards?.isConnected) this.soon()
    }
    if (kind === 'progress') this.progress(data.tasks ?? [])
    if (/^(task|queue)\./.test(kind)) this.reload()
    if (kind === 'task.moved' && data.to === 'done' && data.kind === 'download') this.landed()
    if (kind === 'model.added' || kind === 'model.gone') {
      refresh()
      if (this.cards?.isConnected) this.soon()
    }
    if (kind === 'comfyui.insert' && latest()) place(data).catch(trouble)
  }

  reload = later(150, async () => {
    try {
      const [open, over] = await Promise.all([downloads(OPEN, 200), downloads(['failed', 'cancelled'], 50)])
      this.tasks = [...open.tasks, ...over.tasks]
      this.waiting = [...OPEN, 'failed'].reduce((sum, state) => sum + open.counts[state], 0)
      this.top()
      if (this.body && this.tab === 'queue') this.queue()
    } catch (error) {
      if (error.code !== 'no-service') trouble(error)
    }
  })

  /** One question for all that land together. */
  landed = later(500, () => {
    refresh()
    if (this.body && this.tab === 'missing') this.find({ quiet: true })
  })

  // what lies here, and what the hubs have

  library() {
    const search = h('input', { type: 'search', placeholder: 'Search, Enter: hubs', 'aria-label': 'Search models', value: this.said.text ?? '' })
    search.oninput = () => ((this.said.text = search.value), this.soon())
    search.onkeydown = (event) => void (event.key === 'Enter' && this.seek(search.value))
    const folder = h('select', { 'aria-label': 'Folder', onchange: () => ((this.said.folder = folder.value), this.soon()) },
      h('option', { value: '', textContent: 'All folders' }),
      ...[...new Set(loaders.map((row) => row.folder))].map((name) => h('option', { value: name, textContent: name, selected: name === this.said.folder })))
    this.cards = h('div', { className: 'cards' })
    this.found = h('div', { className: 'found' })
    this.body.replaceChildren(h('div', { className: 'library' }, h('div', { className: 'bar' }, search, folder), this.found, this.cards))
    this.soon()
  }

  soon = later(150, async () => {
    const turn = (this.turn = (this.turn ?? 0) + 1)
    const said = query({ text: this.said.text ?? '', folder: this.said.folder ?? '', sort: 'added', descending: 'true', limit: '60' })
    const page = await ask('GET', `/models?${said}`).catch(() => null)
    if (!page || turn !== this.turn || !this.cards?.isConnected) return // a later question was quicker
    this.cards.replaceChildren(...page.models.map((one) => this.card(one)))
    if (!page.models.length) this.cards.append(h('p', { className: 'quiet', textContent: 'No model fits. Enter asks the hubs.' }))
  })

  card(model) {
    const name = model.place
    const take = (event) => {
      event.dataTransfer.setData(DRAG, JSON.stringify({ folder: model.folder, name }))
      event.dataTransfer.effectAllowed = 'copy'
    }
    const picture = h('img', { loading: 'lazy', alt: '', draggable: false, src: api.apiURL(`/modelyard/models/${model.id}/preview?width=192&v=${Math.round(model.modified)}`) })
    return h('div', { className: 'card', draggable: true, tabIndex: 0, role: 'button', title: `${model.folder}/${name}\nDrag onto the canvas, or press Enter`, ondragstart: take,
      ondblclick: () => place({ folder: model.folder, name }).catch(trouble),
      onkeydown: (event) => event.key === 'Enter' && place({ folder: model.folder, name }).catch(trouble) },
      picture, h('b', { textContent: model.title }), h('small', { textContent: [model.base || model.family, size(model.size)].filter(Boolean).join(' · ') }))
  }

  async seek(text) {
    if (!text.trim()) return
    this.found.replaceChildren(h('p', { className: 'quiet', textContent: 'Asking the hubs …' }))
    try {
      const told = await ask('GET', `/hubs/search?${query({ text, limit: '8' })}`)
      const rows = told.models.map((one) => this.finding(one))
      this.found.replaceChildren(h('h3', { textContent: 'On the hubs' }), ...rows, ...(rows.length ? [] : [h('p', { className: 'quiet', textContent: 'Nothing was found.' })]))
    } catch (error) {
      this.found.replaceChildren()
      trouble(error)
    }
  }

  finding(one) {
    const files = h('div')
    const open = async () => {
      const told = await ask('GET', `/hubs/model?${query({ address: one.address })}`).catch(trouble)
      const fit = (told?.files ?? []).filter((file) => /\.(safetensors|sft|ckpt|pt|pth|bin|gguf|onnx)$/i.test(file.path))
      files.replaceChildren(...fit.slice(0, 40).map((file) => this.file(file, one.kind)))
    }
    return h('div', { className: 'row' },
      h('button', { className: 'plain', onclick: () => open().catch(trouble) }, h('b', { textContent: one.title }), h('small', { textContent: ` ${one.hub}${one.gated ? ' · gated' : ''}` })), files)
  }

  file(file, kind) {
    const folders = [...new Set(loaders.map((row) => row.folder))]
    const guess = folders.find((name) => `${kind} ${file.path}`.toLowerCase().includes(name.replace(/s$/, '').replace('_model', ''))) ?? 'checkpoints'
    const into = h('select', { 'aria-label': 'Into' }, ...folders.map((name) => h('option', { value: name, textContent: name, selected: name === guess })))
    return h('div', { className: 'file' }, h('span', { textContent: file.path }), h('small', { textContent: size(file.size) }), into,
      h('button', { textContent: 'Get', onclick: () => this.want(file.path, { address: file.address, folder: into.value }).catch(trouble) }))
  }

  async want(name, want) {
    const [told] = await ask('POST', '/ensure', { wants: [want], again: true })
    if (told.state === 'missing') throw new Error(told.reason)
    if (told.state === 'ready' && !told.name) throw new Error(`It is at ${told.path}, where this ComfyUI does not look. Share it with modelyard link.`)
    toast('info', told.state === 'ready' ? `${name} is here.` : `${name} is on its way.`)
  }

  // what is on its way

  queue() {
    const rows = this.tasks.map((task) => this.task(task))
    this.body.replaceChildren(...(rows.length ? rows : [h('p', { className: 'quiet', textContent: 'Nothing is on its way.' })]))
  }

  task(task) {
    const can = { running: ['pause', 'cancel'], queued: ['pause', 'cancel'], waiting: ['cancel'], paused: ['resume', 'cancel'], failed: ['retry'], cancelled: ['retry'] }
    const act = async (verb) => {
      const [told] = await ask('POST', '/tasks/actions', { do: verb, ids: [task.id] })
      if (told.error) toast('warn', told.error.message, told.error.hint)
    }
    const bar = h('progress', { max: 1, value: task.size ? task.done / task.size : 0 })
    const row = h('div', { className: `row ${task.state}` }, h('b', { textContent: task.title }),
      h('small', { textContent: task.error?.message ?? ([task.state, task.reason, size(task.size)].filter(Boolean).join(' · ')) }), ...(task.state === 'cancelled' ? [] : [bar]),
      h('div', { className: 'acts' }, ...(can[task.state] ?? []).map((verb) => h('button', { textContent: verb[0].toUpperCase() + verb.slice(1), onclick: () => act(verb).catch(trouble) }))))
    row.dataset.task = task.id
    return row
  }

  progress(running) {
    for (const one of running) {
      const row = this.body?.querySelector(`[data-task="${Number(one.id)}"]`)
      const bar = row?.querySelector('progress') // none while a cancelled one was just tried again
      if (!bar || !one.size) continue
      bar.value = one.done / one.size
      row.querySelector('small').textContent = `${size(one.done)} of ${size(one.size)} · ${size(one.speed)}/s`
    }
  }

  // what the workflow misses

  missing() {
    const rows = this.plan ? this.plan.models.filter((one) => one.state !== 'here') : []
    const words = rows.length ? 'Ask the hubs' : 'Look again'
    const look = h('button', { textContent: this.looking ? 'Looking …' : words, disabled: Boolean(this.looking), onclick: () => this.find({ hubs: rows.length > 0 }) })
    const ready = rows.filter((one) => one.state === 'found' || (one.state === 'likely' && one.target))
    const bytes = ready.reduce((sum, one) => sum + (one.size ?? 0), 0)
    const get = h('button', { className: 'main', textContent: `Get ${ready.length} ${ready.length === 1 ? 'model' : 'models'}${bytes ? ` (${size(bytes)})` : ''}`, onclick: () => this.fetch() })
    const none = this.plan && !rows.length ? h('p', { className: 'quiet', textContent: 'Every model of this workflow is here.' }) : null
    this.body.replaceChildren(...[ready.length ? get : none, ...rows.map((one) => this.need(one)), look].filter(Boolean))
  }

  need(one) {
    const words = { found: size(one.size), gated: 'has to be asked for at its hub', unresolved: 'nobody knows where it is', unsafe: 'a name that cannot be used', renamed: 'here under another name', likely: 'may be here under another name', differs: 'another file has this name' }
    const link = /^https?:\/\//.test(one.gate ?? '') ? h('a', { href: one.gate, target: '_blank', rel: 'noopener noreferrer', textContent: 'Ask for access' }) : null
    const other = one.lists_as && one.state !== 'differs' ? h('button', { textContent: `Use ${one.lists_as}`, onclick: () => rename(one.name, one.lists_as).then(() => this.find()).catch(trouble) }) : null
    const perhaps = one.directory ? (one.candidates ?? []).filter((each) => each.address).slice(0, 3) : []
    const chosen = (each) => this.want(one.name, { address: each.address, folder: one.directory, name: one.name }).catch(trouble)
    return h('div', { className: 'row' }, h('b', { textContent: one.name }),
      h('small', { textContent: [one.directory, words[one.state] ?? one.state, one.why].filter(Boolean).join(' · ') }), link, other,
      ...perhaps.map((each) => h('small', { title: each.why }, `perhaps ${each.title} (${each.score} of 100) `, h('button', { textContent: 'Get this one', onclick: () => chosen(each) }))),
      ...(one.steps ?? []).map((step) => h('small', { textContent: step })))
  }

  /** No hub hears of a workflow because it was opened. What one said of a model that is still missing stays. */
  async find({ hubs = false, quiet = false } = {}) {
    this.looking = !quiet
    if (!quiet) this.show('missing')
    const body = graph()
    const said = new Map(body === this.asked && !hubs ? this.plan.models.map((one) => [`${one.directory}/${one.name}`, one]) : [])
    try {
      const plan = await ask('POST', `/workflows/plan?search=${hubs}`, body)
      plan.models = plan.models.map((one) => (['found', 'unresolved'].includes(one.state) && said.get(`${one.directory}/${one.name}`)) || one)
      this.plan = plan
      if (hubs || !said.size) this.asked = hubs ? body : null
    } catch (error) {
      if (!quiet) trouble(error)
    }
    this.looking = false
    if (this.tab === 'missing') this.show('missing')
  }

  async fetch() {
    try {
      const told = await ask('POST', '/workflows/get', graph())
      toast('info', `${told.tasks.length === 1 ? '1 model is' : `${told.tasks.length} models are`} on the way.`, told.plan?.notes?.join(' '))
      this.show('queue')
    } catch (error) {
      trouble(error)
    }
  }
}

const OPEN = ['running', 'verifying', 'queued', 'waiting', 'paused']
const downloads = (states, limit) => ask('GET', `/tasks?kind=download&limit=${limit}${states.map((one) => `&state=${one}`).join('')}`)
const graph = () => JSON.stringify((app.rootGraph ?? app.graph).serialize())

/** Of several open pages the one that was looked at last answers. */
const tab = String(Math.random()), seen = () => localStorage.setItem('modelyard.latest', tab)
const latest = () => [null, tab].includes(localStorage.getItem('modelyard.latest'))

const STYLE = `
:host { display: block; height: 100%; overflow: auto; color: var(--fg-color, #ddd); font: 13px/1.4 system-ui, sans-serif }
nav { display: flex; gap: 2px; padding: 8px 8px 0; position: sticky; top: 0; z-index: 1; background: var(--comfy-menu-bg, #222) }
nav button { flex: 1; border-radius: 6px 6px 0 0; border: 0; border-bottom: 2px solid transparent } nav button[aria-selected=true] { border-bottom-color: #4a9eff; font-weight: 600 }
main { padding: 8px } footer:not(:empty) { position: sticky; bottom: 0; padding: 6px 8px; font-size: 12px; background: var(--comfy-menu-bg, #222) } h3 { margin: 8px 0 4px; font-size: 12px; opacity: .7 } .quiet { opacity: .7; padding: 12px 4px; grid-column: 1 / -1 }
.note:not(:empty) { margin: 8px; padding: 8px; border-radius: 6px; background: #7a4a00; color: #fff }
button, input, select { font: inherit; color: inherit; background: var(--comfy-input-bg, #333); border: 1px solid var(--border-color, #555); border-radius: 6px; padding: 4px 8px; min-width: 0 } button { cursor: pointer } button:hover, .card:hover { filter: brightness(1.25) } :focus-visible { outline: 2px solid #4a9eff; outline-offset: 1px } .main { width: 100%; padding: 8px; margin: 4px 0; background: #2367b5; color: #fff; border: 0 } .plain { all: unset; cursor: pointer }
.bar { display: flex; gap: 6px; margin-bottom: 8px } .bar input { flex: 1 } .bar select { max-width: 45% }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(112px, 1fr)); gap: 8px } .card { border: 1px solid var(--border-color, #555); border-radius: 8px; overflow: hidden; background: var(--comfy-input-bg, #333); cursor: grab; padding-bottom: 6px } .card img { width: 100%; aspect-ratio: 1; object-fit: cover; display: block; margin-bottom: 4px; background: #0003 }
b, small { display: block; padding: 0 6px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap } small { opacity: .75; font-size: 11px }
.row { padding: 8px 2px; border-bottom: 1px solid var(--border-color, #555) } .row small { white-space: normal; overflow-wrap: anywhere } .failed small { color: #ff8a80; opacity: 1 } .file { display: grid; grid-template-columns: 1fr auto; gap: 4px; padding: 6px; align-items: center } .file span { overflow-wrap: anywhere; font-size: 12px } progress { width: 100%; height: 6px } .acts { display: flex; gap: 6px; padding: 4px 6px } a { color: #6cb6ff; padding: 0 6px }`

// --- into the host ------------------------------------------------------------------------------

const panel = new Panel()
const missing = () => {
  if (panel.body) return panel.open('missing')
  panel.tab = 'missing'
  toggle()
}
const toggle = () => app.extensionManager.command.execute(`Workspace.ToggleSidebarTab.${ID}`)

app.registerExtension({
  name: 'Modelyard',
  actionBarButtons: [{ icon: 'pi pi-box', label: 'Models', tooltip: 'Models: library, queue, missing models (Modelyard)', onClick: toggle }],
  commands: [{ id: 'Modelyard.Missing', label: 'Modelyard: find missing models', function: missing }],
  menuCommands: [{ path: ['Extensions'], commands: ['Modelyard.Missing'] }],
  settings: [{
    id: NATIVE, name: 'Download buttons of the missing-models panel fetch through Modelyard', category: ['Modelyard', 'Downloads', NATIVE],
    type: 'combo', options: ['when tested', 'always', 'never'], defaultValue: 'when tested', onChange: takeOver
  }],
  async setup() {
    loaders = await ask('GET', '/loaders').catch(() => [])
    const about = { id: ID, icon: 'pi pi-box', title: 'Modelyard', tooltip: 'Models', type: 'custom', render: (element) => panel.render(element), destroy: () => (panel.body = null) }
    const side = app.extensionManager.sidebarTab
    if (side?.registerSidebarTab) side.registerSidebarTab(about)
    else app.extensionManager.registerSidebarTab(about)
    takeOver(app.extensionManager.setting?.get?.(NATIVE) ?? 'when tested')
    dropping()
    addEventListener('focus', seen)
    if (document.hasFocus()) seen()
    panel.live = listen((kind, data) => panel.event(kind, data))
  }
})
