import vue from '@vitejs/plugin-vue'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import components from 'unplugin-vue-components/vite'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
// Where `npm run dev` finds the API.
const api = process.env.EGOV_API ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [
    vue(),
    // Element Plus alone is resolved by name: our own components are imported where they are used.
    components({ dirs: [], dts: here('src/components.d.ts'), resolvers: [ElementPlusResolver()] }),
  ],
  resolve: { alias: { '@': here('src') } },
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_I18N_LEGACY_API__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
    __INTLIFY_DROP_MESSAGE_COMPILER__: false,
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
      output: {
        // A few chunks instead of fifty crumbs: what most pages need is fetched once.
        codeSplitting: {
          groups: [
            { name: 'vue', test: /node_modules\/(@vue|vue|vue-router|vue-i18n|@intlify)\//, priority: 2 },
            { name: 'element', test: /node_modules\/(element-plus|@element-plus|@vueuse|@floating-ui|lodash|async-validator|dayjs)/, priority: 1 },
            { name: 'shared', test: /\/src\/(api|components|composables|shell|charts)\//, minShareCount: 3 },
          ],
        },
      },
    },
  },
  server: { proxy: { '/api': api, '/screen': { target: api, ws: true } } },
})
