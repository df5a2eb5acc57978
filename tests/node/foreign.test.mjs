// SPDX-License-Identifier: Apache-2.0
// OAuth servers we did not write, as generic providers over the API: consent, refresh, user info, disconnect.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { client, engine, folder, Legs } from './world.mjs'

let box, eng
before(async () => { box = folder(); eng = await engine(box.dir, null) })
after(async () => { await eng?.stop(); box?.remove() })

const secret = 'a-secret-of-the-app-0123456789'
async function provider(id, endpoints, extra = {}) {
  const redirect = `${eng.url}/api/v1/oauth/ap_${id.replaceAll('-', '')}/callback`
  const body = { id, external_id: `ap_${id.replaceAll('-', '')}`, oauth2: { client_id: 'the-app', client_secret: secret, pkce: { enabled: true, code_challenge_method: 'S256' },
    authorize_request: { endpoint: endpoints.authorize, params: { response_type: 'code', client_id: '{{client_id}}', redirect_uri: '{{redirect_uri}}', scope: '{{scopes}} {{existing_scopes}}', ...extra } },
    token_request: { endpoint: endpoints.token, auth_method: 'client_secret_basic', params: { grant_type: 'authorization_code', redirect_uri: '{{redirect_uri}}' } },
    refresh_request: { endpoint: endpoints.token, auth_method: 'client_secret_basic', params: { grant_type: 'refresh_token', refresh_token: '{{refresh_token}}' } },
    user_info_request: { endpoint: endpoints.userinfo, triggers: { on_token_grant: true } } } }
  const made = await eng.call('/v1/admin/auth_providers', { method: 'POST', body })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  assert.equal(made.body.oauth2.redirect_uri, redirect)
}
const ask = (id, user_id, scopes) => eng.call('/v1/auth/authorize', { method: 'POST', body: { auth_requirement: { id, oauth2: { scopes } }, user_id } })

/** Follows redirects and fills in the server's own forms until it comes back to the engine's callback. */
async function through(legs, url, login) {
  for (let i = 0; i < 20; i++) {
    if (url.startsWith(eng.url)) return url
    const r = await legs.fetch(url)
    if (r.status >= 300 && r.status < 400) { url = new URL(r.headers.get('location'), url).href; continue }
    const html = await r.text()
    const form = /<form[^>]*action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/.exec(html)
    assert.ok(form, `no form at ${url}: ${html.slice(0, 400)}`)
    const fields = new URLSearchParams([...form[2].matchAll(/<input[^>]*>/g)].map(([tag]) => [/name="([^"]+)"/.exec(tag)?.[1], /value="([^"]*)"/.exec(tag)?.[1] ?? '']).filter(([name]) => name))
    if (fields.has('login')) { fields.set('login', login); fields.set('password', 'any') }
    const p = await legs.fetch(new URL(form[1], url), { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: fields.toString() })
    assert.ok(p.status >= 300 && p.status < 400, `${p.status} ${await p.text()}`)
    url = new URL(p.headers.get('location'), url).href
  }
  assert.fail('the server never came back')
}

async function connect(id, user_id, scopes, login) {
  const start = await ask(id, user_id, scopes)
  assert.equal(start.body.status, 'pending', JSON.stringify(start.body))
  const legs = new Legs({ fetch })
  const click = await legs.fetch(start.body.url)
  assert.equal(click.status, 303)
  const back = await legs.fetch(await through(legs, click.headers.get('location'), login))
  assert.equal(back.status, 303, (await back.text()).slice(0, 1500))
  const flow_id = new URL(back.headers.get('location')).searchParams.get('flow_id')
  const done = await eng.call('/v1/auth/confirm_user', { method: 'POST', body: { flow_id, user_id } })
  assert.equal(done.status, 200, JSON.stringify(done.body))
  return (await ask(id, user_id, scopes)).body
}

test('oidc-provider: PKCE, consent, user info, working token', async () => {
  const server = client('servers.mjs', ['oidc-provider', 'the-app', secret, `${eng.url}/api/v1/oauth/ap_foreignoidc/callback`], {})
  try {
    const { issuer } = await server.line()
    await provider('foreign-oidc', { authorize: `${issuer}/auth`, token: `${issuer}/token`, userinfo: `${issuer}/me` }, { prompt: 'consent' })
    const got = await connect('foreign-oidc', 'carol@example.com', ['openid', 'email', 'offline_access'], 'carol')
    assert.equal(got.status, 'completed')
    assert.equal(got.context.user_info.email, 'carol@example.com')
    const me = await fetch(`${issuer}/me`, { headers: { authorization: `Bearer ${got.context.token}` } })
    assert.equal((await me.json()).sub, 'carol')
  } finally { server.child.kill('SIGKILL') }
})

test('oauth2-mock-server: redirects at once, answers a JWT', async () => {
  const server = client('servers.mjs', ['oauth2-mock-server'], {})
  try {
    const { issuer } = await server.line()
    await provider('foreign-mock', { authorize: `${issuer}/authorize`, token: `${issuer}/token`, userinfo: `${issuer}/userinfo` })
    const got = await connect('foreign-mock', 'dave@example.com', ['openid'], 'dave')
    assert.equal(got.status, 'completed'); assert.equal(got.context.token.split('.').length, 3)
  } finally { server.child.kill('SIGKILL') }
})
