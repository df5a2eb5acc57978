// SPDX-License-Identifier: Apache-2.0
// fetch() behind the simulator's proxy, for a test process that was started without it: one request per line in, one answer out.
import { createInterface } from 'node:readline'
for await (const line of createInterface({ input: process.stdin })) {
  const { url, init } = JSON.parse(line)
  const r = await fetch(url, init)
  console.log(JSON.stringify({ status: r.status, headers: [...r.headers], body: await r.text() }))
}
