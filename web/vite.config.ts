import vue from '@vitejs/plugin-vue'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import components from 'unplugin-vue-components/vite'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
// Where `npm run dev` finds the API.
const api = process.env.EGOV_API ?? 'http://127.0.0.1:8080'

/** Puts the small script that asks ahead before the big one, which takes its time to come and to be read. */
const askAhead: Plugin = {
  name: 'ask-ahead',
  transformIndexHtml: {
    order: 'post',
    handler: (_html, { bundle }) => {
      const found = Object.values(bundle ?? {}).find((file) => file.type === 'chunk' && file.isEntry && file.name === 'ahead')
      const src = found ? `/${found.fileName}` : '/src/ahead.ts'
      return [{ tag: 'script', attrs: { type: 'module', async: true, crossorigin: true, src }, injectTo: 'head-prepend' }]
    },
  },
}

export default defineConfig({
  plugins: [
    vue(),
    // Element Plus alone is resolved by name: our own components are imported where they are used.
    components({ dirs: [], dts: here('src/components.d.ts'), resolvers: [ElementPlusResolver()] }),
    askAhead,
  ],
  resolve: { alias: { '@': here('src') } },
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_I18N_LEGACY_API__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
    __INTLIFY_DROP_MESSAGE_COMPILER__: true,
  },
  build: {
    outDir: here('../egovcloud/console/static'),
    emptyOutDir: true,
    target: 'es2022',
    // A data: URI would need its own line in the Content-Security-Policy.
    assetsInlineLimit: 0,
    manifest: 'assets/manifest.json',
    reportCompressedSize: false,
    rolldownOptions: {
      input: { index: here('index.html'), ahead: here('src/ahead.ts') },
      output: {
        // One file that every page needs instead of fifty crumbs: each request costs more than its bytes.
        codeSplitting: {
          groups: [{ name: 'console', test: /rolldown\/runtime|node_modules\/(?!@novnc)|\/src\/(?!pages|i18n\/(zh|en)|ahead)/ }],
        },
      },
    },
  },
  server: { proxy: { '/api': api, '/screen': { target: api, ws: true } } },
})
