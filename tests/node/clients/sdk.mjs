// SPDX-License-Identifier: Apache-2.0
// @arcadeai/arcadejs by lines of JSON: ["tools.execute", …arguments] is answered with {value} or {error}; the first line has its methods.
import Arcade from '@arcadeai/arcadejs'
import { APIResource } from '@arcadeai/arcadejs/core/resource'
import { createInterface } from 'node:readline'

const arcade = new Arcade({ maxRetries: 0 })

function* methods(resource, path) {
  for (const [name, part] of Object.entries(resource)) if (part instanceof APIResource) yield* methods(part, [...path, name])
  if (path.length === 0) return
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(resource))) if (name !== 'constructor') yield [...path, name].join('.')
}

async function call(path, ...args) {
  const names = path.split('.')
  const resource = names.slice(0, -1).reduce((at, name) => at[name], arcade)
  try {
    return { value: (await resource[names.at(-1)](...args)) ?? null }
  } catch (e) {
    if (!(e instanceof Arcade.APIError)) throw e
    return { error: { status: e.status, body: e.error } }
  }
}

console.log(JSON.stringify([...methods(arcade, [])]))
for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(await call(...JSON.parse(line))))
