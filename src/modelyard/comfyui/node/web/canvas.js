// The workflow on the canvas: models are put into it, and it is handed to the service.
import { app } from '../../scripts/app.js'
import { later } from './service.js'
import { toast, trouble } from './words.js'

export const DRAG = 'application/x-modelyard'

/** Which node loads which folder; the service knows. */
export const loaders = []

const plain = (name) => String(name).replaceAll('\\', '/')
const fits = (row, name) =>
  row.suffixes.length
    ? row.suffixes.some((end) => name.toLowerCase().endsWith(end))
    : !name.toLowerCase().endsWith('.gguf')

/** Puts a model into the loader under the pointer, or makes one there. */
export async function place(model, event) {
  const rows = loaders.filter((row) => row.folder === model.folder && fits(row, model.name))
  const at = event ? app.clientPosToCanvasPos([event.clientX, event.clientY]) : middle()
  const graph = app.canvas?.graph ?? app.graph
  const under = event && graph.getNodeOnPos(at[0], at[1])
  const filled = under && rows.find((row) => row.node === under.type)
  if (filled) return fill(under, filled.widget, model.name)
  const row = rows.find((one) => LiteGraph.registered_node_types[one.node])
  if (!row)
    return toast('warn', `No node here loads ${model.folder || 'such models'}.`, 'Add one to comfyui-loaders.json.')
  const node = LiteGraph.createNode(row.node)
  node.pos = [...at]
  graph.add(node)
  return fill(node, row.widget, model.name)
}

/** Puts another name into every widget that holds this one, nested workflows too. */
export async function rename(name, other) {
  const seen = [...(app.rootGraph ?? app.graph)._nodes]
  for (const node of seen) {
    if (node.subgraph) seen.push(...node.subgraph._nodes)
    for (const widget of node.widgets ?? [])
      if (plain(widget.value) === plain(name)) await fill(node, widget.name, other)
  }
}

function middle() {
  const box = app.canvas.canvas.getBoundingClientRect()
  return app.clientPosToCanvasPos([box.left + box.width / 2, box.top + box.height / 3])
}

async function fill(node, field, name) {
  const widget = node.widgets?.find((one) => one.name === field)
  const value = await listed(widget, name)
  if (value === undefined)
    return toast('warn', `${name} is not in this ComfyUI's list.`, 'It may lie in a folder of another program.')
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
export const refresh = later(300, async () => {
  await relist()
  const pinia = document.querySelector('#vue-app')?.__vue_app__?.config.globalProperties.$pinia
  await pinia?._s.get('missingModel')?.refreshMissingModels?.({ reloadDefs: false })
  app.graph?.setDirtyCanvas(true, true) // red frames go
})

export function dropping() {
  const ours = (event) =>
    event.dataTransfer?.types.includes(DRAG) &&
    document.elementsFromPoint(event.clientX, event.clientY).includes(app.canvas?.canvas)
  document.addEventListener('dragover', (event) => ours(event) && event.preventDefault(), true)
  document.addEventListener(
    'drop',
    (event) => {
      if (!ours(event)) return
      event.preventDefault()
      event.stopPropagation()
      place(JSON.parse(event.dataTransfer.getData(DRAG)), event).catch(trouble)
    },
    true
  )
}

export const graph = () => JSON.stringify((app.rootGraph ?? app.graph).serialize())
