// SPDX-License-Identifier: Apache-2.0
// The simulated Discord, checked by clients we did not write: what Discord gives they must get, what it refuses they must see refused.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { app, client, folder, Legs, simulator, through, withClient } from './world.mjs'

const redirect = 'http://localhost:9099/api/v1/oauth/my-discord/callback'
let box, sim, net, legs
before(async () => {
  box = folder(); sim = await simulator(box.dir); await sim.register(redirect)
  net = through(sim); legs = new Legs(net)
})
after(async () => { await net.end(); await sim.stop(); box.remove() })

test('discord-oauth2: consent, tokens, user, guilds with paging, join, rotation, revoke', () => withClient('discord-oauth2.mjs', [app.id, app.secret, redirect], sim.env, async (ask) => {
  const scope = ['identify', 'email', 'guilds', 'guilds.join']
  const { ok: url } = await ask({ act: 'url', scope, state: 'a-state-of-the-app' })
  const back = new URL(await legs.consent(url))
  assert.equal(back.searchParams.get('state'), 'a-state-of-the-app')
  assert.equal(back.searchParams.get('iss'), 'https://discord.com')
  const code = back.searchParams.get('code')
  const { ok: t } = await ask({ act: 'code', code, scope })
  assert.equal(t.token_type, 'Bearer'); assert.equal(t.expires_in, 604800); assert.deepEqual(t.scope.split(' ').sort(), [...scope].sort())
  const me = await ask({ act: 'user', token: t.access_token })
  assert.equal(me.ok.username, 'alice'); assert.equal(me.ok.email, 'alice@example.com')
  const all = (await ask({ act: 'guilds', token: t.access_token })).ok
  assert.equal(all.length, 2); assert.ok(!('approximate_member_count' in all[0]))
  const one = (await ask({ act: 'guilds', token: t.access_token, options: { limit: 1, withCounts: true } })).ok
  assert.equal(one.length, 1); assert.ok(one[0].approximate_member_count > 0)
  const next = (await ask({ act: 'guilds', token: t.access_token, options: { after: one[0].id } })).ok
  assert.deepEqual(next.map((g) => g.id), all.slice(1).map((g) => g.id))
  const guildId = '41771983423143937', userId = me.ok.id
  assert.ok((await ask({ act: 'join', guildId, userId, accessToken: t.access_token, botToken: 'not-the-bot' })).error)
  assert.equal((await ask({ act: 'join', guildId: '1', userId, accessToken: t.access_token, botToken: 'simulated-bot-token' })).status, 403)
  const joined = await ask({ act: 'join', guildId, userId, accessToken: t.access_token, botToken: 'simulated-bot-token' })
  assert.equal(joined.ok.user.id, userId)
  assert.equal((await ask({ act: 'guilds', token: t.access_token })).ok.length, 3)
  const { ok: r } = await ask({ act: 'refresh', refreshToken: t.refresh_token })
  assert.notEqual(r.refresh_token, t.refresh_token); assert.notEqual(r.access_token, t.access_token)
  const used = await ask({ act: 'refresh', refreshToken: t.refresh_token })
  assert.equal(used.status, 400); assert.match(JSON.stringify(used.response), /invalid_grant/)
  const gone = await ask({ act: 'revoke', token: r.access_token })
  assert.equal(gone.error, undefined, JSON.stringify(gone))
  assert.equal((await ask({ act: 'user', token: r.access_token })).status, 401)
  const dead = await ask({ act: 'refresh', refreshToken: r.refresh_token })
  assert.match(JSON.stringify(dead.response), /invalid_grant/, 'revoke ends every token of that user and app')
}))

test('oauth4webapi: iss, PKCE, single-use code, Basic, revoke as a strict client sees them', () => withClient('oauth4webapi.mjs', [], sim.env, async (ask) => {
  const as = { issuer: 'https://discord.com', authorization_endpoint: 'https://discord.com/oauth2/authorize', token_endpoint: 'https://discord.com/api/oauth2/token',
    revocation_endpoint: 'https://discord.com/api/oauth2/token/revoke', authorization_response_iss_parameter_supported: true }
  await ask({ act: 'setup', as, client_id: app.id, client_secret: app.secret, redirect_uri: redirect })
  const { ok: url } = await ask({ act: 'url', scope: 'identify guilds' })
  const back = await legs.consent(url, { user: 'bob' })
  const wrong = await ask({ act: 'callback', url: back, verifier: 'x'.repeat(43) })
  assert.equal(wrong.error, 'invalid_grant', 'a wrong PKCE verifier is refused')
  const again = await ask({ act: 'callback', url: back })
  assert.equal(again.error, 'invalid_grant', 'a code is good once')
  const { ok: url2 } = await ask({ act: 'url', scope: 'identify guilds' })
  const t = await ask({ act: 'callback', url: await legs.consent(url2, { user: 'bob' }) })
  assert.equal(t.ok.token_type, 'bearer'); assert.equal(t.ok.expires_in, 604800)
  assert.equal((await ask({ act: 'get', token: t.ok.access_token, url: 'https://discord.com/api/v10/users/@me' })).ok.body.username, 'bob')
  const r = await ask({ act: 'refresh', token: t.ok.refresh_token })
  assert.ok(r.ok.refresh_token)
  assert.equal((await ask({ act: 'revoke', token: r.ok.access_token })).ok, true)
  assert.equal((await ask({ act: 'refresh', token: r.ok.refresh_token })).error, 'invalid_grant')
  await ask({ act: 'setup', as, client_id: app.id, client_secret: 'wrong', redirect_uri: redirect })
  const { ok: url3 } = await ask({ act: 'url', scope: 'identify' })
  const bad = await ask({ act: 'callback', url: await legs.consent(url3) })
  assert.equal(bad.status, 401); assert.equal(bad.error, 'invalid_client')
}))

test('what Discord refuses is refused', async () => {
  const q = (o) => 'https://discord.com/oauth2/authorize?' + new URLSearchParams({ client_id: app.id, redirect_uri: redirect, response_type: 'code', scope: 'identify', ...o })
  assert.equal((await legs.fetch(q({ client_id: '1' }))).status, 400)
  assert.equal((await legs.fetch(q({ redirect_uri: redirect + '/' }))).status, 400, 'the redirect address must match exactly')
  const scope = await legs.fetch(q({ scope: 'identify nonsense', state: 's' }))
  assert.match(scope.headers.get('location'), /error=invalid_scope/)
  const denied = await legs.consent(q({ state: 's2' }), { decision: 'deny' })
  assert.match(denied, /error=access_denied/); assert.match(denied, /state=s2/)
  const form = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ grant_type: 'authorization_code' }) }
  const r = await legs.fetch('https://discord.com/api/oauth2/token', form)
  assert.equal(r.status, 400); assert.equal((await r.json()).error, 'unsupported_grant_type', 'JSON bodies are refused')
})

test('expired tokens, missing scopes, rate limits with their headers', () => withClient('oauth4webapi.mjs', [], sim.env, async (ask) => {
  const as = { issuer: 'https://discord.com', authorization_endpoint: 'https://discord.com/oauth2/authorize', token_endpoint: 'https://discord.com/api/oauth2/token' }
  await ask({ act: 'setup', as, client_id: app.id, client_secret: app.secret, redirect_uri: redirect, auth: 'post' })
  const { ok: url } = await ask({ act: 'url', scope: 'guilds' })
  const t = (await ask({ act: 'callback', url: await legs.consent(url, { user: 'mallory' }) })).ok
  const api = (at) => legs.fetch('https://discord.com/api/v10' + at, { headers: { authorization: `Bearer ${t.access_token}` } })
  const me = await api('/users/@me')
  assert.equal(me.status, 401, 'identify was not granted'); assert.deepEqual(await me.json(), { message: '401: Unauthorized', code: 0 })
  let limited
  await sim.control('/knobs', { method: 'POST', body: { rate_limit: 5 } }) // a slow machine may not come to ask 50 times a second
  for (let i = 0; i < 200 && !limited; i++) { const r = await api('/users/@me/guilds'); if (r.status === 429) limited = r }
  await sim.control('/knobs', { method: 'POST', body: { rate_limit: -1 } })
  assert.ok(limited, 'no rate limit was met')
  assert.ok(Number(limited.headers.get('retry-after')) >= 1); assert.ok(limited.headers.get('x-ratelimit-reset-after'))
  const body = await limited.json()
  assert.ok(body.retry_after > 0); assert.equal(typeof body.global, 'boolean')
  await sim.control('/clock', { method: 'POST', body: { advance_s: 604801 } })
  assert.equal((await api('/users/@me/guilds')).status, 401, 'tokens live seven days')
  await sim.control('/clock', { method: 'POST', body: { advance_s: -604801 } })
}))

test('the proxy opens its own hosts only', async () => {
  const c = client('fetch.mjs', [], { ...sim.env })
  c.tell({ url: 'https://example.com/' })
  await assert.rejects(() => c.line(), /403|fetch failed/)
})
