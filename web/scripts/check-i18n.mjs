// Fails on a key that is used and missing, missing in one language, or in the files and used nowhere.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const root = new URL('../src/', import.meta.url).pathname
const files = readdirSync(root, { recursive: true }).filter((f) => /\.(vue|ts)$/.test(f) && !f.endsWith('.d.ts'))

function keys(language) {
  const out = new Map()
  const dir = join(root, 'i18n', language)
  const walk = (node, path) => {
    for (const [key, value] of Object.entries(node)) {
      const at = path ? `${path}.${key}` : key
      if (typeof value === 'string') out.set(at, value)
      else walk(value, at)
    }
  }
  for (const file of readdirSync(dir).filter((f) => f.endsWith('.json'))) walk(JSON.parse(readFileSync(join(dir, file), 'utf8')), '')
  return out
}

const zh = keys('zh')
const en = keys('en')
const used = new Set()
// `t(\`state.${noun}\`)` uses everything that the pattern can be.
const patterns = []
const KEY = /^[a-z][A-Za-z]*(\.[A-Za-z_]+)+$/
for (const file of files) {
  const text = readFileSync(join(root, file), 'utf8')
  for (const [, literal] of text.matchAll(/['"`]([a-z][A-Za-z]*(?:\.[A-Za-z_]+)+)['"`]/g)) used.add(literal)
  for (const [, template] of text.matchAll(/`([^`\n]*\$\{[^`\n]*)`/g)) {
    if (!/^[a-z][A-Za-z]*\./.test(template)) continue
    const source = template.replace(/\$\{[^}]*\}/g, '\u0000').replace(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll('\u0000', '[^.]+')
    patterns.push(new RegExp(`^${source}$`))
  }
}
const roots = new Set([...zh.keys()].map((key) => key.split('.')[0]))
const calls = new Set()
for (const file of files) {
  const text = readFileSync(join(root, file), 'utf8')
  for (const [, literal] of text.matchAll(/\bt\(\s*'([^']+)'/g)) calls.add(literal)
  for (const [, a, b] of text.matchAll(/\bt\([^'()]*\?\s*'([^']+)'\s*:\s*'([^']+)'/g)) calls.add(a).add(b)
}

const problems = []
for (const key of zh.keys()) if (!en.has(key)) problems.push(`missing in en: ${key}`)
for (const key of en.keys()) if (!zh.has(key)) problems.push(`missing in zh: ${key}`)
for (const key of calls) if (KEY.test(key) && !zh.has(key)) problems.push(`used, but in no language: ${key}`)
for (const key of zh.keys()) if (!used.has(key) && !patterns.some((p) => p.test(key))) problems.push(`never used: ${key}`)
const holes = (text) => [...text.matchAll(/\{([a-zA-Z]+)\}/g)].map((m) => m[1]).sort().join()
for (const [key, text] of zh) if (en.has(key) && holes(text) !== holes(en.get(key))) problems.push(`different places to fill: ${key}`)
// What our compiler knows: `{name}`, and no plural, link or list.
for (const words of [zh, en]) {
  for (const [key, text] of words) if (/[{}|@]/.test(text.replace(/\{[a-zA-Z]+\}/g, ''))) problems.push(`not a plain text: ${key}`)
}
// Every route has a title.
for (const [, name] of readFileSync(join(root, 'router.ts'), 'utf8').matchAll(/page\('([a-z-]+)'/g)) {
  const key = `page.${name.replaceAll('-', '_')}`
  if (!zh.has(key)) problems.push(`page without a title: ${key}`)
}
if (problems.length) {
  console.error(problems.join('\n'))
  process.exit(1)
}
console.log(`${zh.size} messages in ${roots.size} groups, the same in both languages, all used`)
