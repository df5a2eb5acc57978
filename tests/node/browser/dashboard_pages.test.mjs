// SPDX-License-Identifier: Apache-2.0
// Every other page of the dashboard, first empty, then filled, as a person uses it; axe finds nothing on any of them, light, dark or small.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { routes } from '../../../web/src/routes.ts'
import { app, good, owner, settled, shot, until, world } from './dashboard_world.mjs'
import { toolServer } from './tool_server.mjs'

let w, worker
const SECRET = 'the-workers-own-secret'
/** Addresses beside those of the route table: tabs, and one that leads nowhere. */
const more = ['auth/oauth/new?tab=custom', 'no-such-page']
/** Each page of the route table; `of`: what stands for the :name of pages that show one thing. */
function pages(of) {
  const at = routes.map((r) => r.replace(/^(.*)\/:\w+$/, (_, head) => { assert.ok(of[head], `what shall be looked at below /dashboard/${head}?`); return `${head}/${encodeURIComponent(of[head])}` }))
  return [...at, ...more].map((p) => p && `/${p}`)
}
const nothing = Object.fromEntries(['tools', 'servers', 'auth/oauth', 'auth/connections', 'auth/authorizations'].map((p) => [p, 'no-such-thing']))

before(async () => { worker = await toolServer(); w = await world({ config: 'security: {ssrf_allowlist: ["127.0.0.1"]}\n' }) })
after(async () => { await w?.stop(); worker?.close() })

/** Each page at 1280 pixels, in both colours; `small`: at 360 too. */
async function everyPage(what, of, { small = false } = {}) {
  const { page, open, close } = await w.person()
  for (const at of pages(of)) {
    await open(at)
    const name = `${what}-${at.replace(/^\/$|^\//, '').replace(/[^a-z]+/g, '-') || 'home'}`
    await good(page, `${what} ${at}`, { shots: name, fullPage: true })
    if (!small) continue
    await page.setViewportSize({ width: 360, height: 740 })
    await good(page, `${what} ${at} at 360 px`, { shots: `small-${name}`, fullPage: true, colours: false })
    await page.setViewportSize({ width: 1280, height: 860 })
  }
  await close()
}

test('empty pages say what belongs there and how to get it', async () => {
  await everyPage('empty', nothing)
  const { page, close } = await w.person()
  for (const [at, title, command] of [['/servers', 'No server is registered', 'curl'], ['/auth/secrets', 'There is no secret yet', 'curl'], ['/auth/connections', 'Nobody is connected yet', 'curl'], ['/tools', 'There is no tool yet', 'pip install'], ['/auth/oauth', 'No app is connected yet', 'tokenbooth provider add']]) {
    await page.goto(`${w.eng.url}/dashboard${at}`)
    await page.getByRole('heading', { name: title }).waitFor()
    assert.match(await page.locator('.empty pre').innerText(), new RegExp(command))
    await page.locator('.empty').getByRole('button', { name: /^Copy/ }).click()
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), new RegExp(command))
  }
  await close()
})

test('an API key is shown once, works, and is revoked', async () => {
  const { page, close } = await w.person()
  await page.goto(`${w.eng.url}/dashboard/api-keys`)
  await page.getByRole('button', { name: 'Create API Key' }).click()
  await page.getByRole('button', { name: 'Create', exact: true }).click()
  await page.getByText('Give the key a name').waitFor()
  await page.getByLabel('Name', { exact: true }).fill('my app')
  await page.getByLabel('Expires').selectOption('30')
  await good(page, 'the dialog of a new key')
  await page.getByRole('button', { name: 'Create', exact: true }).click()
  const key = await page.getByLabel('API key', { exact: true }).inputValue()
  assert.match(key, /^arc_/)
  await good(page, 'the new key'); await shot(page, 'key-shown-once')
  const use = (of = key) => fetch(`${w.eng.url}/v1/tools`, { headers: { authorization: of } }).then((r) => r.status)
  assert.equal(await use(), 200)
  await page.getByRole('button', { name: 'I have copied it' }).click()
  await page.getByRole('cell', { name: 'my app', exact: true }).waitFor()
  assert.ok(!(await page.content()).includes(key), 'the key is still in the page')
  await page.reload(); await page.getByRole('cell', { name: 'my app', exact: true }).waitFor()
  assert.ok(!(await page.content()).includes(key))
  assert.ok(!JSON.stringify(await page.evaluate(() => [{ ...localStorage }, { ...sessionStorage }])).includes('arc_'), 'a key in the browser\'s storage')
  await page.getByRole('button', { name: 'Revoke my app' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click()
  await page.getByText('my app is revoked').waitFor()
  assert.equal(await use(), 401)
  // one that runs out does so by itself, and says it
  const brief = await w.eng.call('/tb/v1/api_keys', { method: 'POST', body: { name: 'brief', expires_at: new Date(Date.now() + 5000).toISOString() } })
  assert.equal(brief.status, 201, JSON.stringify(brief.body))
  await page.getByLabel('Search names').fill('brief')
  await until(async () => (await use(brief.body.key)) === 401, 'a key that has run out works on')
  await page.reload()
  await page.getByRole('row', { name: /brief/ }).getByText('Expired').waitFor()
  await close()
})

test('a secret is saved and never shown, saved anew, not overwritten by a new one of its name, and deleted', async () => {
  const { page, close } = await w.person()
  await page.goto(`${w.eng.url}/dashboard/auth/secrets`)
  await page.getByRole('button', { name: 'Add Secret' }).click()
  await page.getByLabel('Secret ID').fill('WEATHER_API_KEY')
  await page.getByLabel('Value').fill('a-value-nobody-sees-again')
  await page.getByRole('button', { name: 'Create', exact: true }).click()
  await page.getByRole('button', { name: 'Edit WEATHER_API_KEY' }).click()
  assert.ok(!(await page.content()).includes('a-value-nobody-sees-again'))
  await good(page, 'a secret in its form')
  const { hint } = (await w.eng.call('/v1/admin/secrets')).body.items[0]
  await page.getByLabel('Description').fill('For the forecast')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('cell', { name: 'For the forecast' }).waitFor() // the description alone
  assert.equal((await w.eng.call('/v1/admin/secrets')).body.items[0].hint, hint, 'the value is another')
  await page.getByRole('button', { name: 'Edit WEATHER_API_KEY' }).click()
  await page.getByLabel('Value').fill('a-newer-value')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('WEATHER_API_KEY is saved').waitFor()
  await page.getByRole('cell', { name: 'For the forecast' }).waitFor()
  await page.getByRole('button', { name: 'Add Secret' }).click()
  await page.getByLabel('Secret ID').fill('WEATHER_API_KEY')
  await page.getByLabel('Value').fill('another')
  await page.getByRole('button', { name: 'Create', exact: true }).click()
  await page.getByText('There is a secret of this name already').waitFor() // not overwritten silently
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('button', { name: 'Delete WEATHER_API_KEY' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('heading', { name: 'There is no secret yet' }).waitFor()
  await close()
})

test('a server is tested, added, its tools run in the playground; one that needs Discord asks for the consent and goes on by itself', async () => {
  const made = await w.eng.call('/v1/admin/auth_providers', { method: 'POST', body: { id: 'my-discord', provider_id: 'discord', oauth2: { client_id: app.id, client_secret: app.secret } } })
  await w.sim.register(made.body.oauth2.redirect_uri)
  const { context, page, close } = await w.person()
  await page.goto(`${w.eng.url}/dashboard/servers/new`)
  await page.getByLabel('ID', { exact: true }).fill('play')
  await page.getByLabel('URL').fill(worker.uri)
  await page.getByLabel('Secret').fill(SECRET)
  await page.getByRole('button', { name: 'Test connection' }).click()
  await page.locator('.note.good').waitFor()
  await page.getByRole('button', { name: 'Create', exact: true }).click()
  await page.getByRole('heading', { name: 'play', level: 1 }).waitFor()
  await page.getByRole('link', { name: /Greet/ }).first().waitFor()
  await page.getByText('Healthy').waitFor()
  await good(page, 'a server'); await shot(page, 'server')
  await page.getByRole('link', { name: 'Execute Greet' }).click()
  await page.getByRole('button', { name: 'Run' }).click()
  await page.getByText('This tool needs it.').waitFor()
  await page.getByLabel('whom').fill('Ada'); await page.getByLabel('times').fill('2')
  await page.getByRole('button', { name: 'Run' }).click()
  await page.getByText('Hello Ada').first().waitFor()
  await good(page, 'an answer in the playground'); await shot(page, 'playground-answer', { fullPage: true })
  await page.getByRole('combobox', { name: 'Tool' }).fill('whoami'); await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Run' }).click()
  await page.getByRole('heading', { name: /has to agree first/ }).waitFor()
  await good(page, 'the consent in the playground'); await shot(page, 'playground-consent', { fullPage: true })
  const opened = context.waitForEvent('page')
  await page.getByRole('link', { name: 'Authorize' }).click()
  const consent = await opened
  await consent.getByLabel('Sign in as').selectOption('alice')
  await consent.getByRole('button', { name: 'Authorize' }).click()
  await consent.getByRole('button', { name: /Yes/ }).click()
  await consent.getByRole('heading', { name: /connected/i }).waitFor()
  await consent.close()
  await page.getByText('"token": true').waitFor()
  await close()
})

test('every page, filled, in light, in dark, and at 360 px', async () => {
  const ask = async (user_id) => (await w.eng.call('/v1/auth/authorize', { method: 'POST', body: { user_id, auth_requirement: { provider_id: 'my-discord', oauth2: { scopes: ['identify'] } } } })).body.id
  const connections = (await w.eng.call('/v1/admin/user_connections')).body.items
  assert.ok(connections.length > 0, 'nobody is connected')
  await everyPage('filled', { tools: 'Play.Greet', servers: 'play', 'auth/oauth': 'my-discord', 'auth/connections': connections[0].id, 'auth/authorizations': await ask('waits@example.com') }, { small: true })
})

test('a connected user: found by search, his timeline, disconnected with what the provider did', async () => {
  const { page, close } = await w.person()
  await page.goto(`${w.eng.url}/dashboard/auth/connections`)
  await page.getByLabel('Search user IDs').fill('nobody-of-that-name')
  await page.getByText('Nothing matches.').waitFor()
  await page.getByLabel('Status').selectOption('expired')
  await page.getByRole('button', { name: 'Clear the filters' }).click()
  await page.getByRole('link', { name: owner.email }).waitFor()
  assert.equal(new URL(page.url()).search, '', 'a filter is left')
  await page.getByLabel('Search user IDs').fill('ADA@')
  await page.getByRole('cell', { name: 'Discord my-discord' }).waitFor()
  await page.getByRole('link', { name: owner.email }).click()
  await page.getByText('Discord through my-discord').waitFor()
  await page.getByRole('heading', { name: 'Timeline' }).waitFor()
  assert.ok(await page.locator('.timeline > li').count() > 3)
  await good(page, 'a connection'); await shot(page, 'connection', { fullPage: true })
  await page.goto(`${w.eng.url}/dashboard/auth/authorizations`)
  await page.getByRole('link', { name: owner.email }).first().click()
  await page.locator('.timeline > li').first().waitFor()
  await good(page, 'an authorization'); await shot(page, 'authorization', { fullPage: true })
  await page.goto(`${w.eng.url}/dashboard/auth/connections`)
  await page.getByRole('link', { name: owner.email }).click()
  await page.getByRole('button', { name: 'Disconnect' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Disconnect' }).click()
  await page.getByText('the provider has revoked the tokens').waitFor()
  await good(page, 'after a disconnect')
  await close()
})

test('a failed consent tells cause and mend', async () => {
  const start = await w.eng.call('/v1/auth/authorize', { method: 'POST', body: { user_id: 'denies@example.com', auth_requirement: { provider_id: 'discord', oauth2: { scopes: ['identify'] } } } })
  const stranger = await w.person({ as: null })
  await stranger.page.goto(start.body.url)
  await stranger.page.getByRole('button', { name: 'Cancel' }).click()
  await stranger.page.waitForURL(`${w.eng.url}/**`)
  await stranger.close()
  const { page, close } = await w.person()
  await page.goto(`${w.eng.url}/dashboard/auth/authorizations/${start.body.id}`)
  await page.getByText('How to mend it:').first().waitFor()
  await good(page, 'a failed authorization'); await shot(page, 'authorization-failed', { fullPage: true })
  await close()
})

test('user verification, a member invited, a project renamed; the audit log has it all', async () => {
  const { page, open, close } = await w.person()
  await page.goto(`${w.eng.url}/dashboard/auth/settings`)
  await page.getByLabel('Custom user verifier').check()
  await page.getByRole('button', { name: 'Save settings' }).click()
  await page.getByText('Enter the address of your verifier page').waitFor()
  await page.getByLabel('Custom verifier URL').fill('https://app.example/verify')
  await page.getByRole('button', { name: 'Save settings' }).click()
  await page.getByText('Saved', { exact: true }).waitFor()
  assert.equal((await w.eng.call('/v1/admin/settings/session_verification')).body.verifier_url, 'https://app.example/verify')
  await page.getByRole('button', { name: 'Test' }).click()
  const link = page.getByRole('link', { name: 'Open your verifier page' })
  const tested = new URL(await link.getAttribute('href'))
  assert.equal(tested.origin + tested.pathname, 'https://app.example/verify')
  const confirmed = await w.eng.call('/v1/auth/confirm_user', { method: 'POST', body: { flow_id: tested.searchParams.get('flow_id'), user_id: owner.email } }) // as the page there does
  assert.equal(confirmed.status, 200, JSON.stringify(confirmed.body))
  await good(page, 'User Verification'); await shot(page, 'verification', { fullPage: true })
  await page.getByLabel('Accounts of this engine only').check()
  const saved = page.waitForResponse((r) => r.request().method() === 'PUT' && r.url().includes('/session_verification'))
  await page.getByRole('button', { name: 'Save settings' }).click()
  assert.equal((await saved).status(), 200)
  assert.equal((await w.eng.call('/v1/admin/settings/session_verification')).body.verifier_url, null)
  await page.goto(`${w.eng.url}/dashboard/members`)
  await page.getByRole('button', { name: 'Invite Member' }).click()
  await page.getByLabel('Email', { exact: true }).fill('bob@example.com')
  await page.getByLabel('Role').selectOption('viewer')
  await page.getByRole('button', { name: 'Invite', exact: true }).click()
  assert.match(await page.getByLabel('Invitation link', { exact: true }).inputValue(), /\/invite\?token=/)
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('heading', { name: 'Open invitations' }).waitFor()
  await good(page, 'Members'); await shot(page, 'members')
  await page.goto(`${w.eng.url}/dashboard/projects`)
  await page.getByLabel('Name', { exact: true }).fill('Guild helper')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved', { exact: true }).waitFor()
  await page.goto(`${w.eng.url}/dashboard/audit-logs`)
  await page.getByRole('list', { name: 'Events' }).getByText('Settings updated').first().waitFor()
  await good(page, 'Audit Logs'); await shot(page, 'audit', { fullPage: true })
  await page.getByLabel('Search events').fill('no such event')
  await page.getByText('No event matches these filters.').waitFor()
  await page.getByRole('button', { name: 'Clear Filters' }).click()
  await page.getByRole('list', { name: 'Events' }).waitFor()
  await open(); await good(page, 'Dashboard', { shots: 'home', both: true })
  await close()
})
