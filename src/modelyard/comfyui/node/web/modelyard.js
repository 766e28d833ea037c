// Modelyard inside ComfyUI: queue, library and missing models in the sidebar.
// Everything comes from this ComfyUI's own port.
import { app } from '../../scripts/app.js'
import { takeOver } from './buttons.js'
import { dropping, loaders } from './canvas.js'
import { Panel, seen } from './panel.js'
import { ask, listen } from './service.js'

const [ID, NATIVE] = ['modelyard', 'Modelyard.NativeDownloads']

const panel = new Panel()
const missing = () => {
  if (panel.body) return panel.open('missing')
  panel.tab = 'missing'
  toggle()
}
const toggle = () => app.extensionManager.command.execute(`Workspace.ToggleSidebarTab.${ID}`)

app.registerExtension({
  name: 'Modelyard',
  actionBarButtons: [
    {
      icon: 'pi pi-box',
      label: 'Models',
      tooltip: 'Models: library, queue, missing models (Modelyard)',
      onClick: toggle
    }
  ],
  commands: [{ id: 'Modelyard.Missing', label: 'Modelyard: find missing models', function: missing }],
  menuCommands: [{ path: ['Extensions'], commands: ['Modelyard.Missing'] }],
  settings: [
    {
      id: NATIVE,
      name: 'Download buttons of the missing-models panel fetch through Modelyard',
      category: ['Modelyard', 'Downloads', NATIVE],
      type: 'combo',
      options: ['when tested', 'always', 'never'],
      defaultValue: 'when tested',
      onChange: takeOver
    }
  ],
  async setup() {
    loaders.push(...(await ask('GET', '/loaders').catch(() => [])))
    const about = {
      id: ID,
      icon: 'pi pi-box',
      title: 'Modelyard',
      tooltip: 'Models',
      type: 'custom',
      render: (element) => panel.render(element),
      destroy: () => (panel.body = null)
    }
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
