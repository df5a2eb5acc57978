// SPDX-License-Identifier: Apache-2.0
// web-pack.mjs DIST OUT: every file of DIST as OUT/NAME.br and OUT/NAME.gz, in one folder: what the binary embeds.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const [dist, out] = process.argv.slice(2)
mkdirSync(out, { recursive: true })
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue
  const bytes = readFileSync(path.join(entry.parentPath, entry.name))
  writeFileSync(path.join(out, `${entry.name}.br`), brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }))
  writeFileSync(path.join(out, `${entry.name}.gz`), gzipSync(bytes, { level: 9 }))
}
