import type { Model, Schemas } from '@/api/client'
import { route, type Route } from './route'
import type { DemoYard } from './yard'

type Planned = Schemas['PlannedModel']

/** What the demo says of workflows and of other programs: one of each, made up. */
export function ofPrograms(yard: DemoYard): Route[] {
  const folder = (path: string, kind: string) => ({ path, folder: kind, care: 'free' as const, declared: false, registered: false })
  const program: Schemas['ProgramView'] = {
    ...{ id: 'comfyui', kind: 'comfyui', name: 'ComfyUI', path: '/home/you/ComfyUI', version: '0.33.0', models: 12, bytes: 64e9, shared: 6.9e9, frees: 6.9e9, imported: false },
    ...{ folders: [folder('/home/you/ComfyUI/models/loras', 'loras')], means: ['config', 'reflink', 'hardlink'], why: '', configs: [], keys: [], proxy: '', notes: [], extension: { state: 'absent', path: '/home/you/ComfyUI/custom_nodes/modelyard' } },
  }
  return [
    route('GET', '/programs', () => ({ programs: [program], places: [], shared: 6.9e9, frees: 6.9e9, unmeasured: 0 }) satisfies Schemas['Found']),
    route('POST', '/programs/{id}/extension', () => Object.assign(program.extension!, { state: 'current', version: 'demo', restart: true })),
    route('DELETE', '/programs/{id}/extension', () => Object.assign(program.extension!, { state: 'absent', version: '', restart: true })),
    route('GET', '/(?:links|quarantine)', () => []),
    route('GET', '/comfyui', () => ({ pages: 0 }) satisfies Schemas['Listening']),
    route('POST', '/workflows/plan', () => planOf(yard)),
    route('POST', '/workflows/get', () => {
      const plan = planOf(yard)
      const missing = plan.models.filter((model) => model.state === 'found')
      const tasks = missing.map(({ name, target, address }) => ({ id: yard.add(address!).id, name, target: target! }))
      return { plan, tasks } satisfies Schemas['WorkflowTasks']
    }),
    route('POST', '/scripts', ({ body }) => {
      const text = yard.models.filter((model) => ((body.ids ?? []) as number[]).includes(model.id)).map((model) => `modelyard get civitai:${model.hub_model} --to ./models/${model.place}`)
      return { name: 'models.sh', text: `#!/bin/sh\n${text.join('\n')}\n`, files: text.length, left: [] } satisfies Schemas['ScriptView']
    }),
  ]
}

/** Two models that are here, and one that can be fetched until it was. */
function planOf(yard: DemoYard): Schemas['WorkflowView'] {
  const target = '/models/loras/paper-lantern.safetensors'
  const came = yard.tasks.some((task) => task.address.includes('paper-lantern') && task.state === 'done')
  const here = (model: Model): Planned => ({ name: `${model.name}`, directory: model.folder, state: 'here', path: model.path, model: model.id, size: model.size })
  const missing: Planned = { name: 'paper-lantern.safetensors', directory: 'loras', state: 'found', address: 'hf:atelier/paper-lantern/paper-lantern.safetensors', target, hub: 'huggingface', size: 2.3e8, why: 'The workflow says its address.' }
  const models: Planned[] = [...yard.models.slice(0, 2).map(here), came ? { ...missing, state: 'here' } : missing]
  const room = [{ folder: '/models', needed: 2.3e8, free: 8e11, fits: true }]
  return { ...{ format: 'ui', container: 'json', needed: [], declared_not_needed: [], mentioned: [], problems: [], notes: [] }, ...{ models, bytes: came ? 0 : 2.3e8, unknown_sizes: 0, room, complete: came } }
}
