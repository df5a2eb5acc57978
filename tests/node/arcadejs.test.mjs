// SPDX-License-Identifier: Apache-2.0
// @arcadeai/arcadejs as it comes from npm against the engine: the sample's calls, and every auth and provider method.
import Arcade from '@arcadeai/arcadejs'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { app, client, engine, folder, Legs, simulator, through } from './world.mjs'

let box, sim, net, eng, arcade
before(async () => {
  box = folder(); sim = await simulator(box.dir); net = through(sim); eng = await engine(box.dir, sim)
  arcade = new Arcade({ baseURL: eng.url, apiKey: eng.key })
})
after(async () => { await eng?.stop(); await net?.end(); await sim?.stop(); box?.remove() })

async function click(url) {
  const legs = new Legs({ fetch: (u, i) => (new URL(u).hostname === '127.0.0.1' ? fetch(u, i) : net.fetch(u, i)) })
  const there = await legs.fetch(url)
  assert.equal(there.status, 303)
  const back = await legs.fetch(await legs.consent(there.headers.get('location')))
  assert.equal(back.status, 303)
  return new URL(back.headers.get('location')).searchParams.get('flow_id')
}

test('providers: create, list, get, patch, delete', async () => {
  const made = await arcade.admin.authProviders.create({ id: 'my-discord', provider_id: 'discord', description: 'Discord', oauth2: { client_id: app.id, client_secret: app.secret } })
  assert.equal(made.id, 'my-discord'); assert.equal(made.oauth2.client_secret.exists, true)
  await sim.register(made.oauth2.redirect_uri)
  assert.ok((await arcade.admin.authProviders.list()).items.some((p) => p.id === 'my-discord'))
  assert.equal((await arcade.admin.authProviders.get('my-discord')).provider_id, 'discord')
  assert.equal((await arcade.admin.authProviders.patch('my-discord', { description: 'Another' })).description, 'Another')
  const other = await arcade.admin.authProviders.create({ id: 'short-lived', provider_id: 'github', oauth2: { client_id: 'a', client_secret: 'b' } })
  assert.equal((await arcade.admin.authProviders.delete(other.id)).id, 'short-lived')
  await assert.rejects(arcade.admin.authProviders.get('short-lived'), { status: 404 })
})

test('the sample: link printed, browser leg done, token printed, token works at Discord', async () => {
  const c = client('arcadejs.mjs', ['js@example.com'], { ARCADE_BASE_URL: eng.url, ARCADE_API_KEY: eng.key })
  const first = await c.line()
  assert.equal(first.status, 'pending')
  const flow_id = await click(first.url)
  const done = await arcade.auth.confirmUser({ flow_id, user_id: 'js@example.com' })
  assert.ok(done.auth_id.startsWith('ar_'))
  const last = await c.line()
  assert.equal(last.status, 'completed')
  await c.end()
  const r = await net.fetch('https://discord.com/api/v10/users/@me', { headers: { authorization: `Bearer ${last.token}`, 'user-agent': 'test' } })
  assert.equal(JSON.parse(await r.text()).username, 'alice')
})

test('authorize, status, connections', async () => {
  const a = await arcade.auth.authorize({ auth_requirement: { provider_id: 'discord', provider_type: 'oauth2', oauth2: { scopes: ['identify'] } }, user_id: 'js@example.com' })
  assert.equal(a.status, 'completed')
  assert.equal((await arcade.auth.status({ id: a.id })).status, 'completed')
  const page = await arcade.admin.userConnections.list({ user_id: 'js@example.com', provider_id: 'discord' })
  assert.equal(page.items.length, 1)
  await arcade.admin.userConnections.delete(page.items[0].id)
  assert.equal((await arcade.auth.status({ id: a.id })).status, 'failed')
  assert.equal((await arcade.health.check()).healthy, true)
})

test('errors have the status, the name and the message the SDK shows', async () => {
  await assert.rejects(arcade.auth.start('x@example.com', 'nowhere', { scopes: [] }), (e) => e.status === 400 && e.error.name === 'auth_provider_not_found')
  await assert.rejects(new Arcade({ baseURL: eng.url, apiKey: 'wrong' }).auth.status({ id: 'ar_x' }), { status: 401 })
  await assert.rejects(arcade.get('/_stainless_unknown_path'), { status: 404 })
})

test('an empty scope list, as the documentation\'s JavaScript samples send it, is satisfied by any connection', async () => {
  const start = await arcade.auth.start('plain@example.com', 'discord', ['identify'])
  assert.deepEqual(start.scopes, []); assert.equal(start.status, 'pending')
})

test('secrets: create, change, list, delete', async () => {
  const made = await arcade.admin.secrets.create('SEARCH_KEY', { value: 'a value of some length', description: 'search' })
  assert.equal(made.key, 'SEARCH_KEY'); assert.equal(made.binding.type, 'project'); assert.equal(made.hint, '...ngth')
  assert.equal((await arcade.admin.secrets.create('search_key', { value: 'other' })).id, made.id)
  assert.deepEqual((await arcade.admin.secrets.list()).items.map((s) => s.id), [made.id])
  await arcade.admin.secrets.delete(made.id)
  assert.deepEqual((await arcade.admin.secrets.list()).items, [])
})
