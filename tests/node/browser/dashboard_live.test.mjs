// SPDX-License-Identifier: Apache-2.0
// What changes while somebody looks: counters that move by themselves, a grant that died and says why, and everything in the
// dashboard that takes long with a slow peer at the other end: it shows that it goes on, and the page stays usable.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { binary } from '../world.mjs'
import { app, good, shot, until, world } from './dashboard_world.mjs'
import { toolServer } from './tool_server.mjs'

const SECRET = 'the-workers-own-secret'
let w, worker
before(async () => {
  worker = await toolServer()
  w = await world({ verifier: 'http://127.0.0.1:9/verify', config: 'security: {ssrf_allowlist: ["127.0.0.1"]}\n' })
})
after(async () => { worker?.close(); await w?.stop() })
const post = async (at, body, method = 'POST') => {
  const r = await w.eng.call(at, { method, body })
  assert.ok(r.status < 300, `${at}: ${JSON.stringify(r.body)}`)
  return r.body
}
/** Holds back what the page asks of this address, as a peer behind the engine would; gives what lets it go. */
async function slow(page, at) {
  let release
  const held = new Promise((go) => { release = go })
  await page.route(at, async (route) => { await held; await route.continue() })
  return release
}
/** What the page says under its head while `what` is going on. */
const goesOn = (page, what) => page.locator('.waiting', { hasText: what }).filter({ visible: true }).first().waitFor()

test('the counters of the Dashboard move by themselves, each by what happens in the engine', async () => {
  const { page, open, close } = await w.person()
  await open()
  const tile = (name) => page.locator('.tile', { hasText: name })
  const value = async (name) => Number((await tile(name).locator('b').innerText()).replaceAll(',', ''))
  const names = ['Connected users', 'Open authorizations', 'Tool calls in 24 h', 'Connected apps', 'Servers', 'Tools', 'Secrets', 'API keys']
  const were = Object.fromEntries(await Promise.all(names.map(async (n) => [n, await value(n)])))
  await page.evaluate(() => { window.sameDocument = true })
  const made = await post('/v1/admin/auth_providers', { id: 'my-discord', provider_id: 'discord', oauth2: { client_id: app.id, client_secret: app.secret } })
  await w.sim.register(made.oauth2.redirect_uri)
  await w.connect('my-discord', 'alice@example.com')
  await w.ask('my-discord', 'waits@example.com')
  await post('/v1/workers', { id: 'play', enabled: true, http: { uri: worker.uri, secret: SECRET, timeout: 120, retry: 1 } })
  await until(async () => (await w.eng.call('/v1/tools')).body.total_count === 2, 'the tools do not come')
  await post('/v1/tools/execute', { tool_name: 'Play.Greet', user_id: 'alice@example.com', input: { whom: 'Ada' } })
  await post('/v1/admin/secrets/KEY', { value: 'v' }, 'PUT')
  execFileSync(binary, ['key', 'create', 'another', '--data', w.eng.data], { stdio: 'pipe' })
  for (const [name, more] of [['Connected users', 1], ['Open authorizations', 1], ['Tool calls in 24 h', 1], ['Connected apps', 1], ['Servers', 1], ['Tools', 2], ['Secrets', 1], ['API keys', 1]])
    await until(async () => await value(name) === were[name] + more, `${name} stays ${were[name]}, and ${more} came`)
  await page.getByRole('heading', { name: 'First steps' }).waitFor({ state: 'detached' }) // all of them are done
  assert.equal(await page.evaluate(() => window.sameDocument), true, 'the page was loaded again')
  await close()
})

test('a grant that died: Connected Users names the reason; its page the cause and the mend, and so does its timeline', async () => {
  await w.sim.control('/knobs', { method: 'POST', body: { token_lifetime_s: 1 } })
  await w.connect('my-discord', 'dead@example.com')
  await w.sim.control('/knobs', { method: 'POST', body: { token_lifetime_s: -1 } })
  await w.sim.control('/grants/end', { method: 'POST', body: { user: 'alice', client_id: app.id } }) // she removes the app at Discord
  const { page, open, close } = await w.person()
  await open()
  await until(async () => (await w.ask('my-discord', 'dead@example.com')).status === 'pending', 'a removed grant still gives a token')
  await page.locator('.tile', { hasText: 'Connected users' }).getByText('1 expired').waitFor()
  await page.locator('.tile', { hasText: 'Connected users' }).click()
  await page.getByLabel('Status').selectOption('expired')
  const row = page.getByRole('row', { name: /dead@example\.com/ })
  await row.getByText('Revoked or expired').waitFor()
  await page.getByRole('row', { name: /alice@example\.com/ }).waitFor({ state: 'detached' }) // the list is the filtered one
  await good(page, 'a dead grant among the connected users', { shots: 'connections-dead' })
  await row.getByRole('link', { name: 'dead@example.com' }).click()
  const note = page.locator('#main .note.bad')
  await page.getByRole('heading', { name: 'Timeline' }).waitFor()
  const [cause, mend] = [/^The provider does not take the refresh token: [^]*revoked/, 'How to mend it: Let the app ask for authorization again and open the new link.']
  await note.getByText(cause).waitFor()
  await note.getByText(mend).waitFor()
  const why = page.locator('.timeline li.bad .why')
  await why.getByText(cause).first().waitFor()
  await why.getByText(mend).first().waitFor()
  await good(page, 'a dead grant', { shots: 'connection-dead', fullPage: true })
  await close()
})

test('a tool that takes long: the run shows, can be left and be given up; its answer comes when it comes', async () => {
  const { page, open, close } = await w.person()
  await open('/playground?tool=Play.Greet')
  await page.getByLabel('whom').fill('Ada')
  worker.hold()
  await page.getByRole('button', { name: 'Run' }).click()
  await page.getByRole('button', { name: 'Running' }).and(page.locator('[aria-busy=true]')).waitFor()
  await goesOn(page, 'The tool runs at its server')
  await good(page, 'a tool that runs', { shots: 'playground-running', fullPage: true })
  await page.getByRole('button', { name: 'Stop waiting' }).click()
  await page.getByText('You stopped waiting. The tool may still do its work at its server.').waitFor()
  assert.equal(await page.getByLabel('whom').inputValue(), 'Ada')
  worker.release(); worker.hold()
  await page.getByRole('button', { name: 'Run' }).click()
  await goesOn(page, 'The tool runs at its server')
  assert.equal(await page.getByText('You stopped waiting').count(), 0)
  worker.release()
  await page.getByText('Hello Ada').first().waitFor()
  assert.equal(await page.locator('.waiting').count(), 0)
  await close()
})

test('a server that takes long: the test of it, its registration and its state show that they go on', async () => {
  const { page, open, close } = await w.person()
  await open('/servers/new')
  await page.getByLabel('ID', { exact: true }).fill('slow')
  await page.getByLabel('URL').fill(worker.uri)
  await page.getByLabel('Secret').fill(SECRET)
  worker.hold()
  await page.getByRole('button', { name: 'Test connection' }).click()
  await goesOn(page, 'Asking the server whether it answers.')
  await page.getByLabel('Timeout').fill('29') // the form stays usable
  await shot(page, 'server-testing')
  worker.release()
  await page.locator('.note.good').waitFor()
  worker.hold()
  await page.getByRole('button', { name: 'Create', exact: true }).click()
  await page.getByRole('heading', { name: 'slow', level: 1 }).or(page.locator('.waiting', { hasText: 'Registering the server.' })).waitFor()
  await open('/servers')
  await page.getByRole('row').filter({ hasText: 'play' }).locator('.waiting', { hasText: 'Asking' }).waitFor()
  await page.getByRole('link', { name: /play/ }).click() // one does not have to wait for it
  await page.getByRole('heading', { name: 'play', level: 1 }).locator('.waiting').waitFor()
  await page.getByRole('link', { name: /Greet/ }).first().waitFor()
  worker.release()
  await page.getByText('Healthy').waitFor()
  await close()
})

// What brings the engine to it (a definition that a stricter setting refuses at the next start) is tests/flow/test_start.py's.
test('an app that is out of use says why and what mends it, in the list and on its page', async () => {
  const { page, open, close } = await w.person()
  const reason = { code: 'out_of_use', cause: 'authorize.url must be an https address.', fix: 'Set api.development: true, or give it another address.' }
  await page.route('**/admin/auth_providers**', async (route) => {
    const answer = await route.fetch(), body = await answer.json()
    for (const p of body.items ?? [body]) if (p.id === 'my-discord') Object.assign(p, { status: 'inactive', reason })
    await route.fulfill({ response: answer, json: body })
  })
  await open('/auth/oauth')
  const row = page.getByRole('row', { name: /my-discord/ })
  await row.getByText('Out of use').waitFor()
  await row.getByText(reason.cause).waitFor()
  await good(page, 'an app out of use in the list', { colours: false })
  await row.getByRole('link').click()
  const note = page.locator('#main .note.bad')
  await note.getByText(reason.cause).waitFor()
  await note.getByText(`How to mend it: ${reason.fix}`).waitFor()
  await page.getByText('Out of use').waitFor()
  await good(page, 'an app out of use', { colours: false })
  await close()
})

test('a provider that takes long: the test of the set-up and a disconnect show that they go on, and the page stays usable', async () => {
  const { page, open, close } = await w.person()
  await open('/auth/oauth/my-discord?tab=test')
  let release = await slow(page, '**/providers/my-discord/test')
  await page.getByRole('button', { name: 'Test' }).click()
  await goesOn(page, 'Asking the provider; this takes up to 20 seconds.')
  await good(page, 'the test of a slow provider', { shots: 'provider-testing', colours: false })
  release()
  await page.getByText('Client ID and secret').waitFor()
  assert.equal(await page.locator('.waiting').count(), 0)
  const { items } = (await w.eng.call('/v1/admin/user_connections?q=alice@example.com')).body
  await open(`/auth/connections/${items[0].id}`)
  release = await slow(page, `**/user_connections/${items[0].id}`)
  await page.getByRole('button', { name: 'Disconnect' }).click()
  const asked = page.getByRole('alertdialog')
  await asked.getByRole('button', { name: 'Disconnect' }).click()
  await asked.getByText('Asking the provider to revoke the tokens').waitFor()
  await asked.getByRole('button', { name: 'Disconnect' }).and(page.locator('[aria-busy=true]')).waitFor()
  await good(page, 'a disconnect that takes long', { shots: 'disconnect-waits', colours: false })
  await asked.getByRole('button', { name: 'Close' }).click()
  await goesOn(page, 'Asking the provider to revoke the tokens')
  release()
  await page.getByText(/^Disconnected/).waitFor()
  assert.equal(await page.locator('.waiting').count(), 0)
  await close()
})
