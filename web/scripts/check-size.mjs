// The first load, compressed as a server would: entry, language and first page, with their styles.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const LIMIT = 250_000
const out = new URL('../../egovcloud/console/static/', import.meta.url).pathname
const manifestPath = join(out, 'assets/manifest.json')
if (!existsSync(manifestPath)) {
  console.error('nothing built yet: run npm run build first')
  process.exit(2)
}
const manifest = JSON.parse(readFileSync(manifestPath, 'utf8'))
const gzip = (file) => gzipSync(readFileSync(join(out, file)), { level: 9 }).length

function closure(keys) {
  const files = new Set(['index.html'])
  const seen = new Set()
  const visit = (key) => {
    if (seen.has(key)) return
    seen.add(key)
    const chunk = manifest[key]
    if (!chunk) throw new Error(`${key} is not in the manifest`)
    files.add(chunk.file)
    for (const css of chunk.css ?? []) files.add(css)
    for (const asset of chunk.assets ?? []) files.add(asset)
    for (const imported of chunk.imports ?? []) visit(imported)
  }
  keys.forEach(visit)
  return files
}
const entry = Object.keys(manifest).find((key) => manifest[key].isEntry)
const LOADS = {
  'sign-in': [entry, 'src/i18n/zh/index.ts', 'src/pages/session/SignIn.vue'],
  overview: [entry, 'src/i18n/zh/index.ts', 'src/pages/overview/OverviewPage.vue'],
  instances: [entry, 'src/i18n/zh/index.ts', 'src/pages/instances/InstanceList.vue'],
  wizard: [entry, 'src/i18n/zh/index.ts', 'src/pages/requests/RequestWizard.vue'],
}
let failed = false
for (const [name, keys] of Object.entries(LOADS)) {
  const files = [...closure(keys)]
  const size = files.reduce((sum, file) => sum + gzip(file), 0)
  const bad = size > LIMIT
  failed ||= bad
  console.log(`${name.padEnd(26)} ${(size / 1000).toFixed(1).padStart(7)} kB in ${files.length} files${bad ? `  over ${LIMIT / 1000} kB` : ''}`)
  if (process.argv.includes('--files')) for (const f of files.map((f) => [gzip(f), f]).sort((a, b) => b[0] - a[0]).slice(0, 14)) console.log('   ', f[0], f[1])
}
process.exit(failed ? 1 : 0)
