// SPDX-License-Identifier: Apache-2.0
// Three OpenID Connect issuers we did not write (oidc-provider), on loopback, to sign in with: another kind of key and of client each.
// node sign_in_issuers.mjs.  One line of JSON when ready; ends with SIGTERM.  A client registers at /reg, and its id and secret are known
// beforehand.  POST /rotate: other keys from now on.  Whoever logs in as NAME has the email NAME, verified unless NAME begins with "unproved".
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const kinds = [
  { id: 'rs', alg: 'RS256', auth: 'client_secret_basic', key: ['rsa', { modulusLength: 2048 }], conform: true }, // the email is in user info only
  { id: 'es', alg: 'ES256', auth: 'client_secret_post', key: ['ec', { namedCurve: 'P-256' }], conform: false },
  { id: 'ed', alg: 'EdDSA', auth: 'none', key: ['ed25519', {}], conform: false },
]
const key = ({ alg, key: [type, options] }) => ({ ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: randomUUID() })

// What an issuer remembers stays when its keys change.
const store = new Map()
class Adapter {
  constructor(name) { this.name = name }
  async upsert(id, payload) { store.set(this.name + id, payload); if (payload.uid) store.set(this.name + payload.uid, payload) }
  async find(id) { return store.get(this.name + id) }
  async findByUid(uid) { return store.get(this.name + uid) }
  async destroy(id) { store.delete(this.name + id) }
  async consume(id) { store.get(this.name + id).consumed = Math.floor(Date.now() / 1000) }
  async revokeByGrantId() {}
}

function make(kind, issuer) {
  const rsa = key(kinds[0]) // oidc-provider wants one in any case
  return new Provider(issuer, {
    adapter: Adapter,
    cookies: { keys: ['only-for-this-test'] },
    pkce: { required: () => true },
    jwks: { keys: kind.id === 'rs' ? [rsa] : [rsa, key(kind)] },
    conformIdTokenClaims: kind.conform,
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    features: {
      devInteractions: { enabled: true },
      registration: { enabled: true, idFactory: () => `client-of-${kind.id}`, secretFactory: () => `secret of ${kind.id}: a+b%c, long enough` },
    },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'EdDSA'] },
    clientDefaults: { grant_types: ['authorization_code'], response_types: ['code'], id_token_signed_response_alg: kind.alg, token_endpoint_auth_method: kind.auth },
    clientAuthMethods: [kind.auth],
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: id, email_verified: !id.startsWith('unproved') }) }),
  })
}

const ready = []
for (const kind of kinds) {
  const http = createServer()
  await new Promise((r) => http.listen(0, '127.0.0.1', r))
  const issuer = `http://127.0.0.1:${http.address().port}`
  let handle = make(kind, issuer).callback()
  http.on('request', (req, res) => {
    if (req.url !== '/rotate') return handle(req, res)
    handle = make(kind, issuer).callback()
    return res.end()
  })
  ready.push({ id: kind.id, issuer, client_id: `client-of-${kind.id}`, secret: kind.auth === 'none' ? null : `secret of ${kind.id}: a+b%c, long enough` })
}
console.log(JSON.stringify({ issuers: ready }))
process.on('SIGTERM', () => process.exit(0))
// The `node` of the wheel is a program that starts this one and hands no signal on.
const starter = process.ppid
setInterval(() => { if (process.ppid !== starter) process.exit(0) }, 200).unref()
