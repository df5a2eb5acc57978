// SPDX-License-Identifier: Apache-2.0
// web-size.mjs DIST: what a browser loads before the first page stands (the page, its scripts and styles, all that these import at
// once, and the largest page behind them) is at most 150 KB gzipped.
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'

const LIMIT = 150 * 1000
const [dist] = process.argv.slice(2)
const size = (file) => gzipSync(readFileSync(path.join(dist, file)), { level: 9 }).length
const home = readdirSync(path.join(dist, 'assets')).find((f) => /^home-.*\.js$/.test(f))
const html = readFileSync(path.join(dist, 'index.html'), 'utf8')
const load = new Set(['index.html', ...(home ? [`assets/${home}`] : [])])
for (const m of html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)) load.add(m[1])
for (const file of load) { // a Set grows while it is walked: imports of imports are looked at too
  if (!file.endsWith('.js')) continue
  for (const m of readFileSync(path.join(dist, file), 'utf8').matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) load.add(`assets/${m[1]}`)
}
const total = [...load].reduce((n, f) => n + size(f), 0)
for (const f of load) console.log(String(size(f)).padStart(8), f)
console.log(`${total} bytes gzipped in ${load.size} files; at most ${LIMIT}`)
if (total > LIMIT || load.size < 3) process.exit(1)
