// What is on its way.
import { OPEN, ask, downloads, later } from './service.js'
import { h, size, toast, trouble } from './words.js'

export class Queue {
  tasks = []
  waiting = 0

  constructor(changed) {
    this.changed = changed
  }

  reload = later(150, async () => {
    try {
      const [open, over] = await Promise.all([downloads(OPEN, 200), downloads(['failed', 'cancelled'], 50)])
      this.tasks = [...open.tasks, ...over.tasks]
      this.waiting = [...OPEN, 'failed'].reduce((sum, state) => sum + open.counts[state], 0)
      this.changed()
    } catch (error) {
      if (error.code !== 'no-service') trouble(error)
    }
  })

  render(body) {
    this.body = body
    const rows = this.tasks.map((task) => this.task(task))
    body.replaceChildren(
      ...(rows.length ? rows : [h('p', { className: 'quiet', textContent: 'Nothing is on its way.' })])
    )
  }

  task(task) {
    const can = {
      running: ['pause', 'cancel'],
      queued: ['pause', 'cancel'],
      waiting: ['cancel'],
      paused: ['resume', 'cancel'],
      failed: ['retry'],
      cancelled: ['retry']
    }
    const act = async (verb) => {
      const [told] = await ask('POST', '/tasks/actions', { do: verb, ids: [task.id] })
      if (told.error) toast('warn', told.error.message, told.error.hint)
    }
    const bar = h('progress', { max: 1, value: task.size ? task.done / task.size : 0 })
    const row = h(
      'div',
      { className: `row ${task.state}` },
      h('b', { textContent: task.title }),
      h('small', {
        textContent: task.error?.message ?? [task.state, task.reason, size(task.size)].filter(Boolean).join(' · ')
      }),
      ...(task.state === 'cancelled' ? [] : [bar]),
      h(
        'div',
        { className: 'acts' },
        ...(can[task.state] ?? []).map((verb) =>
          h('button', { textContent: verb[0].toUpperCase() + verb.slice(1), onclick: () => act(verb).catch(trouble) })
        )
      )
    )
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
}
