// SPDX-License-Identifier: Apache-2.0
// @arcadeai/arcadejs with little patience: each attempt but the last is given up after half a second.  Prints a line an attempt, then the answer.
import Arcade from '@arcadeai/arcadejs'

let asked = 0
const fetch_ = (url, init) => {
  asked++
  console.log(JSON.stringify({ asked }))
  const signal = asked === 1 ? AbortSignal.any([init.signal, AbortSignal.timeout(500)]) : init.signal
  return fetch(url, { ...init, signal })
}
const arcade = new Arcade({ maxRetries: 2, fetch: fetch_ })
console.log(JSON.stringify(await arcade.tools.execute(JSON.parse(process.argv[2]))))
