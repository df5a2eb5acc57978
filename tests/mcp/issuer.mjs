// SPDX-License-Identifier: Apache-2.0
// An authorization server we did not write (oidc-provider), on loopback: registration, PKCE, resource indicators, rotating refresh
// tokens, iss.  node issuer.mjs RESOURCE SCOPES.  One line of JSON when ready; ends with SIGTERM.
// GET /check?token=… tells what a token is good for (the MCP server asks); POST /kill/access and /kill/all end what was given out.
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const [scopes] = process.argv.slice(2)
const http = createServer()
await new Promise((r) => http.listen(0, '127.0.0.1', r))
const issuer = `http://127.0.0.1:${http.address().port}`
const provider = new Provider(issuer, {
  cookies: { keys: ['only-for-this-test'] },
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: true },
    registration: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => ({ scope: scopes, audience: resource, accessTokenTTL: 3600, accessTokenFormat: 'opaque' }),
    },
  },
  clientDefaults: { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] },
  scopes: ['openid', 'offline_access', ...scopes.split(' ')],
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  ttl: { AccessToken: 3600 },
})
const seen = { refreshed: 0, registered: [], revoked: 0, asked: [] }
const access = new Set()
const refresh = new Set()
provider.on('access_token.saved', (t) => access.add(t))
provider.on('refresh_token.saved', (t) => refresh.add(t))
provider.on('registration_create.success', (_, client) => seen.registered.push(client.metadata()))
provider.on('grant.success', (ctx) => { if (ctx.oidc.params.grant_type === 'refresh_token') seen.refreshed += 1 })
provider.on('grant.revoked', () => { seen.revoked += 1 })
const handle = provider.callback()

async function ours(req, res) {
  const url = new URL(req.url, issuer)
  let answer = {}
  if (url.pathname === '/check') {
    const t = await provider.AccessToken.find(url.searchParams.get('token'))
    answer = t === undefined ? {} : { user: t.accountId, client: t.clientId, audience: t.aud, scope: t.scope ?? '', expires: t.exp }
  } else if (url.pathname === '/seen') {
    answer = seen
  } else {
    for (const t of access) await t.destroy()
    access.clear()
    if (url.pathname === '/kill/all') { for (const t of refresh) await t.destroy(); refresh.clear() }
  }
  res.setHeader('Content-Type', 'application/json')
  res.end(JSON.stringify(answer))
}
http.on('request', (req, res) => {
  const path = req.url.split('?')[0]
  if (path === '/token' || path === '/auth') seen.asked.push(req.method + ' ' + req.url)
  if (path === '/check' || path === '/seen' || path.startsWith('/kill/')) return ours(req, res)
  return handle(req, res)
})
console.log(JSON.stringify({ port: http.address().port, issuer }))
process.on('SIGTERM', () => process.exit(0))
// The `node` of the wheel is a program that starts this one and hands no signal on.
const starter = process.ppid
setInterval(() => { if (process.ppid !== starter) process.exit(0) }, 200).unref()
