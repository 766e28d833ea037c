// What lies here, and what the hubs have.
import { api } from '../../scripts/api.js'
import { DRAG, loaders, place } from './canvas.js'
import { ask, later, query } from './service.js'
import { want } from './wanting.js'
import { h, size, trouble } from './words.js'

export class Library {
  said = {}

  render(body) {
    const search = h('input', {
      type: 'search',
      placeholder: 'Search, Enter: hubs',
      'aria-label': 'Search models',
      value: this.said.text ?? ''
    })
    search.oninput = () => ((this.said.text = search.value), this.soon())
    search.onkeydown = (event) => void (event.key === 'Enter' && this.seek(search.value))
    const folder = h(
      'select',
      { 'aria-label': 'Folder', onchange: () => ((this.said.folder = folder.value), this.soon()) },
      h('option', { value: '', textContent: 'All folders' }),
      ...[...new Set(loaders.map((row) => row.folder))].map((name) =>
        h('option', { value: name, textContent: name, selected: name === this.said.folder })
      )
    )
    this.cards = h('div', { className: 'cards' })
    this.found = h('div', { className: 'found' })
    body.replaceChildren(
      h('div', { className: 'library' }, h('div', { className: 'bar' }, search, folder), this.found, this.cards)
    )
    this.soon()
  }

  /** Looks again while somebody sees it. */
  again() {
    if (this.cards?.isConnected) this.soon()
  }

  soon = later(150, async () => {
    const turn = (this.turn = (this.turn ?? 0) + 1)
    const said = query({
      text: this.said.text ?? '',
      folder: this.said.folder ?? '',
      sort: 'added',
      descending: 'true',
      limit: '60'
    })
    const page = await ask('GET', `/models?${said}`).catch(() => null)
    if (!page || turn !== this.turn || !this.cards?.isConnected) return // a later question was quicker
    this.cards.replaceChildren(...page.models.map((one) => this.card(one)))
    if (!page.models.length)
      this.cards.append(h('p', { className: 'quiet', textContent: 'No model fits. Enter asks the hubs.' }))
  })

  card(model) {
    const name = model.place
    const take = (event) => {
      event.dataTransfer.setData(DRAG, JSON.stringify({ folder: model.folder, name }))
      event.dataTransfer.effectAllowed = 'copy'
    }
    const picture = h('img', {
      loading: 'lazy',
      alt: '',
      draggable: false,
      src: api.apiURL(`/modelyard/models/${model.id}/preview?width=192&v=${Math.round(model.modified)}`)
    })
    return h(
      'div',
      {
        className: 'card',
        draggable: true,
        tabIndex: 0,
        role: 'button',
        title: `${model.folder}/${name}\nDrag onto the canvas, or press Enter`,
        ondragstart: take,
        ondblclick: () => place({ folder: model.folder, name }).catch(trouble),
        onkeydown: (event) => event.key === 'Enter' && place({ folder: model.folder, name }).catch(trouble)
      },
      picture,
      h('b', { textContent: model.title }),
      h('small', { textContent: [model.base || model.family, size(model.size)].filter(Boolean).join(' · ') })
    )
  }

  async seek(text) {
    if (!text.trim()) return
    this.found.replaceChildren(h('p', { className: 'quiet', textContent: 'Asking the hubs …' }))
    try {
      const told = await ask('GET', `/hubs/search?${query({ text, limit: '8' })}`)
      const rows = told.models.map((one) => this.finding(one))
      this.found.replaceChildren(
        h('h3', { textContent: 'On the hubs' }),
        ...rows,
        ...(rows.length ? [] : [h('p', { className: 'quiet', textContent: 'Nothing was found.' })])
      )
    } catch (error) {
      this.found.replaceChildren()
      trouble(error)
    }
  }

  finding(one) {
    const files = h('div')
    const open = async () => {
      const told = await ask('GET', `/hubs/model?${query({ address: one.address })}`).catch(trouble)
      const fit = (told?.files ?? []).filter((file) =>
        /\.(safetensors|sft|ckpt|pt|pth|bin|gguf|onnx)$/i.test(file.path)
      )
      files.replaceChildren(...fit.slice(0, 40).map((file) => this.file(file, one.kind)))
    }
    return h(
      'div',
      { className: 'row' },
      h(
        'button',
        { className: 'plain', onclick: () => open().catch(trouble) },
        h('b', { textContent: one.title }),
        h('small', { textContent: ` ${one.hub}${one.gated ? ' · gated' : ''}` })
      ),
      files
    )
  }

  file(file, kind) {
    const folders = [...new Set(loaders.map((row) => row.folder))]
    const guess =
      folders.find((name) =>
        `${kind} ${file.path}`.toLowerCase().includes(name.replace(/s$/, '').replace('_model', ''))
      ) ?? 'checkpoints'
    const into = h(
      'select',
      { 'aria-label': 'Into' },
      ...folders.map((name) => h('option', { value: name, textContent: name, selected: name === guess }))
    )
    return h(
      'div',
      { className: 'file' },
      h('span', { textContent: file.path }),
      h('small', { textContent: size(file.size) }),
      into,
      h('button', {
        textContent: 'Get',
        onclick: () => want(file.path, { address: file.address, folder: into.value }).catch(trouble)
      })
    )
  }
}
