import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import tailwindcss from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import type { Plugin } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const PAGE = here('../src/modelyard/server/page')
const LEAST = 1024

/** Lays a compressed form of each script and style beside it, for the service to send. */
const packed: Plugin = {
  name: 'packed',
  apply: 'build',
  closeBundle() {
    for (const name of readdirSync(`${PAGE}/assets`)) {
      const body = readFileSync(`${PAGE}/assets/${name}`)
      if (!/\.(?:js|css)$/.test(name) || body.length < LEAST) continue
      writeFileSync(`${PAGE}/assets/${name}.br`, brotliCompressSync(body))
      writeFileSync(`${PAGE}/assets/${name}.gz`, gzipSync(body, { level: 9 }))
    }
  },
}

/** Has the browser fetch what every page begins with while it reads the HTML, not when the first script asks for it. */
const preloaded: Plugin = {
  name: 'preloaded',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler(html, { bundle = {} }) {
      const chunks = Object.values(bundle).filter((file) => file.type === 'chunk')
      const begin = chunks.find(({ name }) => name === 'begin')
      return [begin?.fileName, ...(begin?.imports ?? [])]
        .filter((file) => file && !html.includes(file)) // Vite names what the first script imports itself
        .map((file) => ({ tag: 'link', attrs: { rel: 'modulepreload', crossorigin: true, href: `./${file}` }, injectTo: 'head' }))
    },
  },
}

/** Few files to first paint: what nearly every page needs comes in two, not in forty; what `main.ts` itself needs in a small one.
 * What comes up over a page, dialogs and menus, and what they stand on, comes when the page is at rest. */
const GROUPS = [
  { name: 'ahead', priority: 4, test: /openapi-fetch[\\/]|preload-helper|src[\\/](?:api[\\/]ahead|models[\\/](?:filter|shelf)|session[\\/]tabs|routes|languages)\./ },
  { name: 'vendor', priority: 3, test: /node_modules[\\/](?!(?:uplot|marked|dompurify|@iconify|reka-ui|@floating-ui|@internationalized|aria-hidden)[\\/])/ },
  { name: 'shared', priority: 2, test: /web[\\/]src[\\/](?:format|tasks|problems|session|commands|models|adding|keys|ui)[\\/](?!description|.*dialog|palette|sheet|toasts\.vue|menu-|switch|list-view|offer-view)/ },
  { name: 'above', priority: 1, test: /node_modules[\\/](?:reka-ui|@floating-ui|@internationalized|aria-hidden)[\\/]|web[\\/]src[\\/](?:adding|commands|ui|keys|shell[\\/]above)/ },
]

export default defineConfig({
  base: './', // the service writes where it is into <base>
  plugins: [vue(), tailwindcss(), preloaded, packed],
  resolve: { alias: { '@': here('./src') } },
  define: { __VUE_OPTIONS_API__: 'false', __INTLIFY_PROD_DEVTOOLS__: 'false' },
  build: {
    outDir: PAGE,
    emptyOutDir: true,
    assetsInlineLimit: 0, // the service's policy lets no inline code or style in
    modulePreload: { polyfill: false },
    target: 'es2023',
    rolldownOptions: { output: { codeSplitting: { groups: GROUPS } } },
  },
  // One window for all files of a worker: a new one for each costs more than all the tests
  test: { environment: 'happy-dom', isolate: false, include: ['tests/**/*.test.ts'] },
})
