// What the workflow misses.
import { graph, rename } from './canvas.js'
import { ask } from './service.js'
import { want } from './wanting.js'
import { h, size, toast, trouble } from './words.js'

export class Missing {
  plan = null

  constructor(panel) {
    this.panel = panel
  }

  render(body) {
    const rows = this.plan ? this.plan.models.filter((one) => one.state !== 'here') : []
    const words = rows.length ? 'Ask the hubs' : 'Look again'
    const look = h('button', {
      textContent: this.looking ? 'Looking …' : words,
      disabled: Boolean(this.looking),
      onclick: () => this.find({ hubs: rows.length > 0 })
    })
    const ready = rows.filter((one) => one.state === 'found' || (one.state === 'likely' && one.target))
    const bytes = ready.reduce((sum, one) => sum + (one.size ?? 0), 0)
    const get = h('button', {
      className: 'main',
      textContent: `Get ${ready.length} ${ready.length === 1 ? 'model' : 'models'}${bytes ? ` (${size(bytes)})` : ''}`,
      onclick: () => this.fetch()
    })
    const none =
      this.plan && !rows.length
        ? h('p', { className: 'quiet', textContent: 'Every model of this workflow is here.' })
        : null
    body.replaceChildren(...[ready.length ? get : none, ...rows.map((one) => this.need(one)), look].filter(Boolean))
  }

  need(one) {
    const words = {
      found: size(one.size),
      gated: 'has to be asked for at its hub',
      unresolved: 'nobody knows where it is',
      unsafe: 'a name that cannot be used',
      renamed: 'here under another name',
      likely: 'may be here under another name',
      differs: 'another file has this name'
    }
    const link = /^https?:\/\//.test(one.gate ?? '')
      ? h('a', { href: one.gate, target: '_blank', rel: 'noopener noreferrer', textContent: 'Ask for access' })
      : null
    const other =
      one.lists_as && one.state !== 'differs'
        ? h('button', {
            textContent: `Use ${one.lists_as}`,
            onclick: () =>
              rename(one.name, one.lists_as)
                .then(() => this.find())
                .catch(trouble)
          })
        : null
    const perhaps = one.directory ? (one.candidates ?? []).filter((each) => each.address).slice(0, 3) : []
    const chosen = (each) =>
      want(one.name, { address: each.address, folder: one.directory, name: one.name }).catch(trouble)
    return h(
      'div',
      { className: 'row' },
      h('b', { textContent: one.name }),
      h('small', { textContent: [one.directory, words[one.state] ?? one.state, one.why].filter(Boolean).join(' · ') }),
      link,
      other,
      ...perhaps.map((each) =>
        h(
          'small',
          { title: each.why },
          `perhaps ${each.title} (${each.score} of 100) `,
          h('button', { textContent: 'Get this one', onclick: () => chosen(each) })
        )
      ),
      ...(one.steps ?? []).map((step) => h('small', { textContent: step }))
    )
  }

  /** No hub hears of a workflow because it was opened. What one said of a model that is still missing stays. */
  async find({ hubs = false, quiet = false } = {}) {
    this.looking = !quiet
    if (!quiet) this.panel.show('missing')
    const body = graph()
    const said = new Map(
      body === this.asked && !hubs ? this.plan.models.map((one) => [`${one.directory}/${one.name}`, one]) : []
    )
    try {
      const plan = await ask('POST', `/workflows/plan?search=${hubs}`, body)
      plan.models = plan.models.map(
        (one) => (['found', 'unresolved'].includes(one.state) && said.get(`${one.directory}/${one.name}`)) || one
      )
      this.plan = plan
      if (hubs || !said.size) this.asked = hubs ? body : null
    } catch (error) {
      if (!quiet) trouble(error)
    }
    this.looking = false
    if (this.panel.tab === 'missing') this.panel.show('missing')
  }

  async fetch() {
    try {
      const told = await ask('POST', '/workflows/get', graph())
      toast(
        'info',
        `${told.tasks.length === 1 ? '1 model is' : `${told.tasks.length} models are`} on the way.`,
        told.plan?.notes?.join(' ')
      )
      this.panel.show('queue')
    } catch (error) {
      trouble(error)
    }
  }
}
