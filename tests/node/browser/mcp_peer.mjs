// SPDX-License-Identifier: Apache-2.0
// A remote MCP server for the dashboard's tests: two tools over Streamable HTTP (revision 2025-06-18, plain JSON answers).  It either
// wants a header, or is behind OAuth: then it is its own authorization server, with registration, PKCE and a page to agree on.
// That the engine speaks with servers and issuers which we did not write is shown in tests/mcp.
import { createHash, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'

const tools = [
  { name: 'add', description: 'Adds two numbers.', inputSchema: { type: 'object', properties: { a: { type: 'integer', description: 'The first.' }, b: { type: 'integer' } }, required: ['a', 'b'] } },
  { name: 'whoami', description: 'Tells who asks.', inputSchema: { type: 'object', properties: {} } },
]
function answer(q, name, who) {
  if (q.method === 'initialize') return { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name, version: '1.2.0' } }
  if (q.method === 'tools/list') return { tools }
  if (q.method !== 'tools/call') return null
  const { name: tool, arguments: a } = q.params
  return { content: [{ type: 'text', text: tool === 'add' ? String(a.a + a.b) : JSON.stringify({ who }) }], isError: false }
}
const read = async (q) => { let text = ''; for await (const part of q) text += part; return text }

/** `name`: of the server, which names its toolkit; `header`: [name, value] that every call must carry; `oauth`: scopes it offers, the first of which it asks for. */
export async function mcpPeer(name, { header, oauth } = {}) {
  const clients = new Map(), codes = new Map(), tokens = new Map(), seen = []
  let origin = ''
  const json = (r, o, status = 200, headers = {}) => { r.writeHead(status, { 'content-type': 'application/json', ...headers }); r.end(JSON.stringify(o)) }
  const issuer = {
    '/.well-known/oauth-protected-resource/mcp': (q, r) => json(r, { resource: `${origin}/mcp`, authorization_servers: [origin], scopes_supported: oauth }),
    '/.well-known/oauth-authorization-server': (q, r) => json(r, { issuer: origin, authorization_endpoint: `${origin}/authorize`, token_endpoint: `${origin}/token`, registration_endpoint: `${origin}/register`, scopes_supported: oauth,
      response_types_supported: ['code'], grant_types_supported: ['authorization_code', 'refresh_token'], code_challenge_methods_supported: ['S256'], token_endpoint_auth_methods_supported: ['none'], authorization_response_iss_parameter_supported: true }),
    '/register': async (q, r) => { const client_id = randomUUID(); const meta = { ...JSON.parse(await read(q)), client_id }; clients.set(client_id, meta); json(r, meta, 201) },
    '/authorize': (q, r, url) => {
      const p = url.searchParams
      if (!clients.get(p.get('client_id'))?.redirect_uris.includes(p.get('redirect_uri'))) return json(r, { error: 'invalid_request' }, 400)
      const code = randomUUID()
      codes.set(code, { challenge: p.get('code_challenge'), scope: p.get('scope') })
      const to = new URL(p.get('redirect_uri'))
      for (const [k, v] of [['code', code], ['state', p.get('state')], ['iss', origin]]) to.searchParams.set(k, v)
      r.writeHead(200, { 'content-type': 'text/html' })
      r.end(`<!doctype html><title>Agree</title><h1>${name}</h1><p id="scope">${p.get('scope')}</p><a href="${to.href.replaceAll('&', '&amp;')}">Agree</a>`)
    },
    '/token': async (q, r) => {
      const form = new URLSearchParams(await read(q))
      const c = codes.get(form.get('code'))
      codes.delete(form.get('code'))
      if (c && createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url') !== c.challenge) return json(r, { error: 'invalid_grant' }, 400)
      if (!c) return json(r, { error: 'invalid_grant' }, 400)
      const access_token = randomUUID()
      tokens.set(access_token, c.scope)
      json(r, { access_token, token_type: 'Bearer', expires_in: 3600, refresh_token: randomUUID(), scope: c.scope })
    },
  }
  const mcp = async (q, r) => {
    const token = q.headers.authorization?.replace(/^Bearer /i, '')
    if (oauth && !tokens.has(token))
      return json(r, { error: 'invalid_token' }, 401, { 'www-authenticate': `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp", scope="${oauth[0]}"` })
    if (header && q.headers[header[0].toLowerCase()] !== header[1]) return json(r, { error: 'forbidden' }, 403)
    const ask = JSON.parse(await read(q) || '{}')
    seen.push(ask.method)
    if (ask.id === undefined) { r.writeHead(202); return r.end() }
    const result = answer(ask, name, oauth ? tokens.get(token) : 'anybody')
    json(r, { jsonrpc: '2.0', id: ask.id, ...(result ? { result } : { error: { code: -32601, message: 'Method not found' } }) })
  }
  const http = createServer((q, r) => {
    const url = new URL(q.url, origin)
    const handle = url.pathname === '/mcp' && q.method === 'POST' ? mcp : oauth ? issuer[url.pathname] : undefined
    if (!handle) { r.writeHead(url.pathname === '/mcp' ? 405 : 404); return r.end() }
    Promise.resolve(handle(q, r, url)).catch((e) => json(r, { error: String(e) }, 500))
  })
  await new Promise((done) => http.listen(0, '127.0.0.1', done))
  origin = `http://127.0.0.1:${http.address().port}`
  return { uri: `${origin}/mcp`, clients, seen, close: () => http.close() }
}
