// How the sidebar looks; colours are the host's.
export const STYLE = /* css */ `
:host { display: block; height: 100%; overflow: auto; color: var(--fg-color, #ddd); font: 13px/1.4 system-ui, sans-serif }
nav { display: flex; gap: 2px; padding: 8px 8px 0; position: sticky; top: 0; z-index: 1; background: var(--comfy-menu-bg, #222) }
nav button { flex: 1; border-radius: 6px 6px 0 0; border: 0; border-bottom: 2px solid transparent }
nav button[aria-selected=true] { border-bottom-color: #4a9eff; font-weight: 600 }
main { padding: 8px }
footer:not(:empty) { position: sticky; bottom: 0; padding: 6px 8px; font-size: 12px; background: var(--comfy-menu-bg, #222) }
h3 { margin: 8px 0 4px; font-size: 12px; opacity: .7 }
.quiet { opacity: .7; padding: 12px 4px; grid-column: 1 / -1 }
.note:not(:empty) { margin: 8px; padding: 8px; border-radius: 6px; background: #7a4a00; color: #fff }
button, input, select { font: inherit; color: inherit; background: var(--comfy-input-bg, #333); border: 1px solid var(--border-color, #555); border-radius: 6px; padding: 4px 8px; min-width: 0 }
button { cursor: pointer }
button:hover, .card:hover { filter: brightness(1.25) }
:focus-visible { outline: 2px solid #4a9eff; outline-offset: 1px }
.main { width: 100%; padding: 8px; margin: 4px 0; background: #2367b5; color: #fff; border: 0 }
.plain { all: unset; cursor: pointer }
.bar { display: flex; gap: 6px; margin-bottom: 8px }
.bar input { flex: 1 }
.bar select { max-width: 45% }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(112px, 1fr)); gap: 8px }
.card { border: 1px solid var(--border-color, #555); border-radius: 8px; overflow: hidden; background: var(--comfy-input-bg, #333); cursor: grab; padding-bottom: 6px }
.card img { width: 100%; aspect-ratio: 1; object-fit: cover; display: block; margin-bottom: 4px; background: #0003 }
b, small { display: block; padding: 0 6px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
small { opacity: .75; font-size: 11px }
.row { padding: 8px 2px; border-bottom: 1px solid var(--border-color, #555) }
.row small { white-space: normal; overflow-wrap: anywhere }
.failed small { color: #ff8a80; opacity: 1 }
.file { display: grid; grid-template-columns: 1fr auto; gap: 4px; padding: 6px; align-items: center }
.file span { overflow-wrap: anywhere; font-size: 12px }
progress { width: 100%; height: 6px }
.acts { display: flex; gap: 6px; padding: 4px 6px }
a { color: #6cb6ff; padding: 0 6px }
`
