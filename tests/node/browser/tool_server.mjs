// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:http'

/** A tool server after the wire contract: one tool that greets, one that needs Discord.  After hold() it answers nothing until
 * release().  `more`: so many others, named before those two. */
export function toolServer(more = 0) {
  const tool = (name, description, parameters, requirements) => ({ name, fully_qualified_name: `Play.${name}`, description, toolkit: { name: 'Play', description: 'To play with', version: '1.0.0' }, input: { parameters },
    output: { description: 'words', available_modes: ['value', 'error'], value_schema: { val_type: 'json' } }, requirements })
  const tools = [
    tool('Greet', 'Says hello to somebody, so many times.', [{ name: 'whom', required: true, description: 'Who is greeted.', inferrable: true, value_schema: { val_type: 'string' } },
      { name: 'times', required: false, description: 'How often.', inferrable: true, value_schema: { val_type: 'integer' } }], null),
    ...Array.from({ length: more }, (_, i) => tool(`Another${i}`, 'One of many.', [], null)),
    tool('WhoAmI', 'Tells whether a token came.', [], { authorization: { provider_id: 'discord', provider_type: 'oauth2', oauth2: { scopes: ['identify'] } }, secrets: [] }),
  ]
  let open = Promise.resolve(), release = () => {}
  const hold = () => { open = new Promise((go) => { release = go }) }
  const server = createServer(async (q, r) => {
    let text = ''
    for await (const part of q) text += part
    await open
    const say = (o) => { r.setHeader('content-type', 'application/json'); r.end(JSON.stringify(o)) }
    if (q.url === '/worker/health') return say({ status: 'ok', tool_count: '2' })
    if (q.url === '/worker/tools') return say(tools)
    const call = JSON.parse(text)
    const value = call.tool.name === 'Greet' ? { words: Array(call.inputs.times ?? 1).fill(`Hello ${call.inputs.whom}`) } : { token: Boolean(call.context.authorization?.token) }
    say({ execution_id: call.execution_id, finished_at: '2026-09-02T20:10:14.123456', duration: 1.5, success: true, output: { value, logs: [], error: null } })
  })
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done({ uri: `http://127.0.0.1:${server.address().port}`, hold, release: () => release(), close: () => { release(); server.closeAllConnections(); server.close() } })))
}
