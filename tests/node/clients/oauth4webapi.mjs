// SPDX-License-Identifier: Apache-2.0
// oauth4webapi (npm), a strict OAuth client, against a provider described by the test; one JSON line per act.
import * as oauth from 'oauth4webapi'
import { createInterface } from 'node:readline'

const say = (o) => console.log(JSON.stringify(o))
let as, client, auth, redirect, verifier, state
const attempt = async (f) => { try { return { ok: await f() } } catch (e) { return { error: e.error ?? e.code ?? e.message, description: e.error_description, status: e.status, text: String(e) } } }

for await (const line of createInterface({ input: process.stdin })) {
  const { act, ...o } = JSON.parse(line)
  if (act === 'setup') {
    as = o.as; client = { client_id: o.client_id }; redirect = o.redirect_uri
    auth = o.auth === 'post' ? oauth.ClientSecretPost(o.client_secret) : oauth.ClientSecretBasic(o.client_secret)
    say({ ok: true })
  } else if (act === 'url') {
    verifier = oauth.generateRandomCodeVerifier(); state = oauth.generateRandomState()
    const u = new URL(as.authorization_endpoint)
    const q = { client_id: client.client_id, redirect_uri: redirect, response_type: 'code', state, ...(o.scope && { scope: o.scope }), ...o.params,
      ...(o.pkce !== false && { code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' }) }
    for (const [k, v] of Object.entries(q)) u.searchParams.set(k, v)
    say({ ok: u.href })
  } else if (act === 'callback') {
    say(await attempt(async () => {
      const params = oauth.validateAuthResponse(as, client, new URL(o.url), o.state ?? state)
      const r = await oauth.authorizationCodeGrantRequest(as, client, auth, params, redirect, o.pkce === false ? oauth.nopkce : (o.verifier ?? verifier))
      return oauth.processAuthorizationCodeResponse(as, client, r)
    }))
  } else if (act === 'refresh') {
    say(await attempt(async () => oauth.processRefreshTokenResponse(as, client, await oauth.refreshTokenGrantRequest(as, client, auth, o.token))))
  } else if (act === 'revoke') {
    say(await attempt(async () => { await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, o.token)); return true }))
  } else if (act === 'get') {
    say(await attempt(async () => { const r = await oauth.protectedResourceRequest(o.token, 'GET', new URL(o.url), new Headers(o.headers ?? {})); return { status: r.status, body: await r.json() } }))
  }
}
