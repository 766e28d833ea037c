import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  base: './', // the service writes where it is into <base>
  plugins: [vue(), tailwindcss()],
  resolve: { alias: { '@': here('./src') } },
  define: { __VUE_OPTIONS_API__: 'false', __INTLIFY_PROD_DEVTOOLS__: 'false' },
  build: {
    outDir: here('../src/modelyard/server/page'),
    emptyOutDir: true,
    assetsInlineLimit: 0, // the service's policy lets no inline code or style in
    modulePreload: { polyfill: false },
    target: 'es2023',
  },
  test: { environment: 'happy-dom', include: ['tests/**/*.test.ts'] },
})
