// SPDX-License-Identifier: Apache-2.0
// OAuth servers we did not write, on loopback: `oidc-provider` or `oauth2-mock-server`.  One JSON line when ready, ends with stdin.
const [which, clientId, clientSecret, redirectUri] = process.argv.slice(2)

async function oidcProvider() {
  const { default: Provider } = await import('oidc-provider')
  const { createServer } = await import('node:http')
  const http = createServer()
  await new Promise((r) => http.listen(0, '127.0.0.1', r))
  const issuer = `http://127.0.0.1:${http.address().port}`
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri], grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] }],
    cookies: { keys: ['only-for-this-test'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true }, revocation: { enabled: true }, introspection: { enabled: true } },
    scopes: ['openid', 'offline_access', 'email', 'profile'],
    claims: { email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true, name: id }) }),
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    ttl: { AccessToken: 3600 },
  })
  http.on('request', provider.callback())
  return { issuer, close: () => http.close() }
}

async function mockServer() {
  const { OAuth2Server } = await import('oauth2-mock-server')
  const server = new OAuth2Server()
  await server.issuer.keys.generate('RS256')
  await server.start(0, '127.0.0.1')
  return { issuer: server.issuer.url, close: () => server.stop() }
}

const s = await (which === 'oidc-provider' ? oidcProvider() : mockServer())
console.log(JSON.stringify({ issuer: s.issuer }))
process.stdin.resume()
process.stdin.on('end', () => { s.close(); process.exit(0) })
