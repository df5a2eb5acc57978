// SPDX-License-Identifier: Apache-2.0
// web-hosts.mjs DIST: nothing in the built app is fetched from another host: no address of one stands where a browser would load it.
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'

const [dist] = process.argv.slice(2)
const wrong = []
let files = 0
for (const e of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!e.isFile()) continue
  files += 1
  const text = readFileSync(path.join(e.parentPath, e.name), 'utf8')
  for (const m of text.matchAll(/(?:src|href)="(?:https?:)?\/\/[^"]+"|url\(["']?(?:https?:)?\/\/[^)]+\)|@import[^;]+|(?:import|fetch)\(["'`]https?:[^"'`]+/g)) wrong.push(`${e.name}: ${m[0].slice(0, 120)}`)
  if (e.name.endsWith('.html') && /<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/.test(text)) wrong.push(`${e.name}: a script or style inside the page, which the policy forbids`)
}
for (const w of wrong) console.log(w)
console.log(`${files} files, ${wrong.length} that name another host or stand in the page`)
if (wrong.length > 0 || files < 3) process.exit(1)
