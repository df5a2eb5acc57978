// SPDX-License-Identifier: Apache-2.0
// simple-oauth2 (npm): for providers that depart from RFC 6749 (JSON bodies, nested answers); one JSON line per act.
import https from 'node:https'
import { createInterface } from 'node:readline'
import { AuthorizationCode } from 'simple-oauth2'

const say = (o) => console.log(JSON.stringify(o))
const agent = new https.Agent({ proxyEnv: process.env })
let client, redirect
const attempt = async (f) => { try { return { ok: await f() } } catch (e) { return { error: e.data?.payload ?? String(e), status: e.output?.statusCode } } }

for await (const line of createInterface({ input: process.stdin })) {
  const { act, ...o } = JSON.parse(line)
  if (act === 'setup') {
    redirect = o.redirect_uri
    client = new AuthorizationCode({ client: { id: o.client_id, secret: o.client_secret }, auth: o.auth, options: o.options ?? {},
      http: { agents: { https: agent, http: agent, httpsAllowUnauthorized: agent } } })
    say({ ok: true })
  } else if (act === 'url') say({ ok: client.authorizeURL({ redirect_uri: redirect, state: 'state-of-the-app', ...o.params }) })
  else if (act === 'code') say(await attempt(async () => (await client.getToken({ code: o.code, redirect_uri: redirect })).token))
  else if (act === 'refresh') say(await attempt(async () => (await client.createToken({ refresh_token: o.token }).refresh()).token))
}
