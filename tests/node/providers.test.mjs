// SPDX-License-Identifier: Apache-2.0
// Every shipped provider: its simulated side against clients we did not write, then end to end through the engine.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { app, engine, folder, Legs, simulator, through, withClient } from './world.mjs'

const ids = ['discord', 'github', 'google', 'slack', 'dropbox', 'clickup', 'oauth2']
let box, sim, net, eng
before(async () => {
  box = folder(); sim = await simulator(box.dir, ids); net = through(sim)
  for (const p of ids) await sim.register('https://app.example/cb', p)
  eng = await engine(box.dir, sim)
})
after(async () => { await eng?.stop(); await net?.end(); await sim?.stop(); box?.remove() })

/** As an OAuth client sees the provider: rows for strict clients. */
const strict = [
  { id: 'github', with: 'oauth4webapi.mjs', auth: 'post', scope: 'read:user user:email', refreshes: false, who: 'https://api.github.com/user', is: (b) => b.login === 'alice',
    as: { issuer: 'https://github.com', authorization_endpoint: 'https://github.com/login/oauth/authorize', token_endpoint: 'https://github.com/login/oauth/access_token' } },
  { id: 'google', with: 'openid-client.mjs', auth: 'post', scope: 'https://www.googleapis.com/auth/userinfo.email', params: { access_type: 'offline' }, refreshes: true,
    who: 'https://openidconnect.googleapis.com/v1/userinfo', is: (b) => b.email === 'alice@example.com',
    as: { issuer: 'https://accounts.google.com', authorization_endpoint: 'https://accounts.google.com/o/oauth2/v2/auth', token_endpoint: 'https://oauth2.googleapis.com/token', revocation_endpoint: 'https://oauth2.googleapis.com/revoke' } },
  { id: 'dropbox', with: 'openid-client.mjs', auth: 'basic', scope: 'account_info.read', params: { token_access_type: 'offline' }, refreshes: true,
    who: 'https://api.dropboxapi.com/2/users/get_current_account', method: 'POST', is: (b) => b.name.display_name === 'Alice',
    as: { issuer: 'https://www.dropbox.com', authorization_endpoint: 'https://www.dropbox.com/oauth2/authorize', token_endpoint: 'https://api.dropboxapi.com/oauth2/token' } },
  { id: 'oauth2', with: 'openid-client.mjs', auth: 'basic', scope: 'anything', refreshes: true, who: 'https://oauth.simulated.example/userinfo', is: (b) => b.sub === 'simulated-alice',
    as: { issuer: 'https://oauth.simulated.example', authorization_endpoint: 'https://oauth.simulated.example/authorize', token_endpoint: 'https://oauth.simulated.example/token', revocation_endpoint: 'https://oauth.simulated.example/revoke' } },
]
for (const p of strict) {
  test(`${p.id}, simulated, as ${p.with} sees it`, () => withClient(p.with, [], sim.env, async (ask) => {
    const legs = new Legs(net)
    await ask({ act: 'setup', as: p.as, client_id: app.id, client_secret: app.secret, redirect_uri: 'https://app.example/cb', auth: p.auth })
    const { ok: url } = await ask({ act: 'url', scope: p.scope, params: p.params })
    const back = await legs.consent(url)
    const t = await ask({ act: 'callback', url: back })
    assert.ok(t.ok?.access_token, JSON.stringify(t))
    const again = await ask({ act: 'callback', url: back })
    assert.ok(again.error, 'a code is good once')
    assert.equal(Boolean(t.ok.refresh_token), p.refreshes)
    const { ok: url2 } = await ask({ act: 'url', scope: p.scope, params: p.params })
    const { ok: fresh } = await ask({ act: 'callback', url: await legs.consent(url2) })
    const who = await ask({ act: 'get', token: fresh.access_token, url: p.who, method: p.method, headers: { 'user-agent': 'test' } })
    if (p.with === 'openid-client.mjs' || p.id === 'github') assert.ok(who.ok && p.is(who.ok.body), JSON.stringify(who))
    if (!p.refreshes) return
    const r = await ask({ act: 'refresh', token: fresh.refresh_token })
    assert.ok(r.ok?.access_token && r.ok.access_token !== fresh.access_token, JSON.stringify(r))
    if (!p.as.revocation_endpoint) return
    assert.equal((await ask({ act: 'revoke', token: r.ok.refresh_token ?? fresh.refresh_token })).ok, true)
    assert.ok((await ask({ act: 'refresh', token: r.ok.refresh_token ?? fresh.refresh_token })).error)
  }))
}

const loose = [
  { id: 'slack', auth: { tokenHost: 'https://slack.com', tokenPath: '/api/oauth.v2.access', authorizePath: '/oauth/v2/authorize' }, options: { authorizationMethod: 'body', scopeSeparator: ',' },
    params: { user_scope: 'chat:write,users:read' }, token: (t) => t.authed_user.access_token, check: (t) => { assert.equal(t.ok, true); assert.equal(t.authed_user.scope, 'chat:write,users:read'); assert.equal(t.authed_user.expires_in, 43200) } },
  { id: 'clickup', auth: { tokenHost: 'https://api.clickup.com', tokenPath: '/api/v2/oauth/token', authorizeHost: 'https://app.clickup.com', authorizePath: '/api' }, options: { authorizationMethod: 'body', bodyFormat: 'json' },
    params: {}, token: (t) => t.access_token, check: (t) => assert.ok(!('expires_in' in t) && !('refresh_token' in t)) },
]
for (const p of loose) {
  test(`${p.id}, simulated, as simple-oauth2 sees it`, () => withClient('simple-oauth2.mjs', [], sim.env, async (ask) => {
    const legs = new Legs(net)
    await ask({ act: 'setup', client_id: app.id, client_secret: app.secret, redirect_uri: 'https://app.example/cb', auth: p.auth, options: p.options })
    const { ok: url } = await ask({ act: 'url', params: p.params })
    const code = new URL(await legs.consent(url)).searchParams.get('code')
    const t = await ask({ act: 'code', code })
    assert.ok(p.token(t.ok), JSON.stringify(t)); p.check(t.ok)
    const again = await ask({ act: 'code', code })
    assert.ok(again.error || again.ok.ok === false, 'a code is good once')
  }))
}

/** Through the engine: link, consent, confirm, token that works, disconnect. */
const whole = [
  { id: 'discord', scopes: ['identify'], api: 'https://discord.com/api/v10/users/@me', is: (b) => b.username === 'alice', revocation: 'done' },
  { id: 'github', scopes: ['user', 'user:email', 'repo'], told: ['user', 'repo'], api: 'https://api.github.com/user', is: (b) => b.login === 'alice', revocation: 'done' },
  { id: 'google', scopes: ['openid', 'email', 'https://www.googleapis.com/auth/gmail.send'],
    told: ['openid', 'https://www.googleapis.com/auth/userinfo.email', 'https://www.googleapis.com/auth/gmail.send'], api: 'https://openidconnect.googleapis.com/v1/userinfo', is: (b) => b.email === 'alice@example.com', revocation: 'done' },
  { id: 'slack', scopes: ['chat:write', 'users:read'], api: 'https://slack.com/api/auth.test', method: 'POST', is: (b) => b.ok && b.user_id === 'U0ALICE', revocation: 'done' },
  { id: 'dropbox', scopes: ['account_info.read'], api: 'https://api.dropboxapi.com/2/users/get_current_account', method: 'POST', is: (b) => b.account_id.startsWith('dbid:'), revocation: 'done' },
  { id: 'clickup', scopes: [], api: 'https://api.clickup.com/api/v2/user', is: (b) => b.user.username === 'alice', revocation: 'unsupported' },
  { id: 'oauth2', scopes: ['anything'], api: 'https://oauth.simulated.example/userinfo', is: (b) => b.sub === 'simulated-alice', revocation: 'unsupported', custom: {
    authorize_request: { endpoint: 'https://oauth.simulated.example/authorize', params: { response_type: 'code', client_id: '{{client_id}}', redirect_uri: '{{redirect_uri}}', scope: '{{scopes}} {{existing_scopes}}' } },
    token_request: { endpoint: 'https://oauth.simulated.example/token', auth_method: 'client_secret_basic', params: { grant_type: 'authorization_code', redirect_uri: '{{redirect_uri}}' } },
    refresh_request: { endpoint: 'https://oauth.simulated.example/token', auth_method: 'client_secret_basic', params: { grant_type: 'refresh_token', refresh_token: '{{refresh_token}}' } },
    user_info_request: { endpoint: 'https://oauth.simulated.example/userinfo', triggers: { on_token_grant: true } } } },
]
describe('end to end through the engine', () => {
  for (const p of whole) {
    test(p.id, async () => {
      const made = await eng.call('/v1/admin/auth_providers', { method: 'POST', body: { id: `my-${p.id}`, ...(p.custom ? {} : { provider_id: p.id }), oauth2: { client_id: app.id, client_secret: app.secret, ...p.custom } } })
      assert.equal(made.status, 201, JSON.stringify(made.body))
      await sim.register(made.body.oauth2.redirect_uri, p.id)
      const user_id = `${p.id}@example.com`
      const ask = () => eng.call('/v1/auth/authorize', { method: 'POST', body: { auth_requirement: { id: `my-${p.id}`, oauth2: { scopes: p.scopes } }, user_id } })
      const start = await ask()
      assert.equal(start.body.status, 'pending', JSON.stringify(start.body))
      const legs = new Legs({ fetch: (u, i) => (new URL(u).hostname === '127.0.0.1' ? fetch(u, i) : net.fetch(u, i)) })
      const click = await legs.fetch(start.body.url)
      assert.equal(click.status, 303)
      const back = await legs.fetch(await legs.consent(click.headers.get('location')))
      assert.equal(back.status, 303, await back.text())
      const flow_id = new URL(back.headers.get('location')).searchParams.get('flow_id')
      const done = await eng.call('/v1/auth/confirm_user', { method: 'POST', body: { flow_id, user_id } })
      assert.equal(done.status, 200, JSON.stringify(done.body))
      const got = await ask()
      assert.equal(got.body.status, 'completed', JSON.stringify(got.body)) // nobody is asked again for what was granted under another name
      assert.deepEqual(got.body.scopes, p.scopes)
      const r = await net.fetch(p.api, { method: p.method ?? 'GET', headers: { authorization: `Bearer ${got.body.context.token}`, 'user-agent': 'test' } })
      assert.ok(p.is(JSON.parse(await r.text())))
      const list = await eng.call(`/v1/admin/user_connections?user_id=${encodeURIComponent(user_id)}`)
      assert.equal(list.body.items.length, 1); assert.equal(list.body.items[0].connection_status, 'active')
      if (p.told) assert.deepEqual(list.body.items[0].scopes, p.told)
      const gone = await fetch(`${eng.url}/v1/admin/user_connections/${list.body.items[0].id}`, { method: 'DELETE', headers: { authorization: eng.key } })
      assert.equal(gone.status, 204); assert.equal(gone.headers.get('tokenbooth-revocation'), p.revocation)
      assert.equal((await eng.call(`/v1/auth/status?id=${start.body.id}`)).body.status, 'failed')
    })
  }
})
