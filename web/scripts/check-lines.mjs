// A file that nobody can read in one sitting is two files.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const LIMIT = 500
const root = new URL('../src/', import.meta.url).pathname
const long = readdirSync(root, { recursive: true })
  .filter((f) => /\.(vue|ts|css|json)$/.test(f) && !f.endsWith('.d.ts'))
  .map((f) => [f, readFileSync(join(root, f), 'utf8').split('\n').length])
  .filter(([, lines]) => lines > LIMIT)
for (const [file, lines] of long) console.error(`${file}: ${lines} lines, at most ${LIMIT}`)
process.exit(long.length ? 1 : 0)
