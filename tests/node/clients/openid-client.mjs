// SPDX-License-Identifier: Apache-2.0
// openid-client (npm), certified and strict, against a provider described by the test; one JSON line per act.
import * as oidc from 'openid-client'
import { createInterface } from 'node:readline'

const say = (o) => console.log(JSON.stringify(o))
let config, redirect, verifier, state
const attempt = async (f) => { try { return { ok: await f() } } catch (e) { return { error: e.error ?? e.code ?? String(e), status: e.status, cause: String(e.cause ?? '') } } }

for await (const line of createInterface({ input: process.stdin })) {
  const { act, ...o } = JSON.parse(line)
  if (act === 'setup') {
    redirect = o.redirect_uri
    config = new oidc.Configuration(o.as, o.client_id, { client_secret: o.client_secret }, o.auth === 'post' ? oidc.ClientSecretPost(o.client_secret) : oidc.ClientSecretBasic(o.client_secret))
    say({ ok: true })
  } else if (act === 'url') {
    verifier = oidc.randomPKCECodeVerifier(); state = oidc.randomState()
    const q = { redirect_uri: redirect, state, code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...(o.scope && { scope: o.scope }), ...o.params }
    say({ ok: oidc.buildAuthorizationUrl(config, q).href })
  } else if (act === 'callback') say(await attempt(() => oidc.authorizationCodeGrant(config, new URL(o.url), { pkceCodeVerifier: verifier, expectedState: state })))
  else if (act === 'refresh') say(await attempt(() => oidc.refreshTokenGrant(config, o.token)))
  else if (act === 'revoke') say(await attempt(async () => { await oidc.tokenRevocation(config, o.token); return true }))
  else if (act === 'get') say(await attempt(async () => { const r = await oidc.fetchProtectedResource(config, o.token, new URL(o.url), o.method ?? 'GET'); return { status: r.status, body: await r.json() } }))
}
