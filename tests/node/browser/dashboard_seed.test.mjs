// SPDX-License-Identifier: Apache-2.0
// The seed page's steps in the dashboard, then its app code against what was made: by mouse, by keyboard alone, and at 360 px.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { withClient } from '../world.mjs'
import { app, good, owner, settled, shot, world } from './dashboard_world.mjs'

let w
before(async () => { w = await world({ verifier: 'http://127.0.0.1:9/verify' }) })
after(async () => { await w?.stop() })

/** The page's app code, with the SDK as it comes from npm, and the user's way to the provider and back. */
async function appCode(id, user) {
  await withClient('arcadejs.mjs', [user, id], { ARCADE_BASE_URL: w.eng.url, ARCADE_API_KEY: w.eng.key }, async (_, line) => {
    const start = await line()
    assert.equal(start.status, 'pending')
    const confirmed = await w.eng.call('/v1/auth/confirm_user', { method: 'POST', body: { flow_id: await w.agree(start.url), user_id: user } })
    assert.equal(confirmed.status, 200, JSON.stringify(confirmed.body))
    const done = await line()
    assert.equal(done.status, 'completed'); assert.ok(done.token)
  })
}
/** From the sign-in page that the dashboard's address leads to. */
async function signIn(page) {
  await page.goto(`${w.eng.url}/dashboard`)
  await page.getByLabel('Email').fill(owner.email)
  await page.getByLabel('Password').fill(owner.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Dashboard' }).waitFor(); await settled(page)
}

test('every step of the seed page, by mouse; then the app code works with it', async () => {
  const { page, close } = await w.person({ as: null })
  await signIn(page)
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Connections' }).click()
  await page.getByRole('link', { name: 'Connected Apps', exact: true }).click()
  await page.getByRole('heading', { name: 'No app is connected yet' }).waitFor()
  await shot(page, 'dashboard-connected-apps-empty')
  await good(page, 'Connected Apps, empty')
  await page.getByRole('link', { name: 'Add OAuth Provider' }).first().click()
  await page.getByRole('tab', { name: 'Included Providers' }).click()
  await page.getByRole('combobox', { name: 'Provider' }).click()
  await shot(page, 'dashboard-add-provider-list')
  await page.getByRole('option', { name: 'Discord', exact: true }).click()
  assert.equal(await page.getByLabel('ID', { exact: true }).inputValue(), 'my-discord')
  await page.getByLabel('ID', { exact: true }).fill('my-discord-provider')
  await page.getByLabel('Description').fill('For the guild helper')
  await page.getByLabel('Client ID').fill(app.id)
  await page.getByLabel('Client Secret').fill(app.secret)
  await page.getByRole('button', { name: 'Copy Redirect URL' }).click()
  const redirect = await page.evaluate(() => navigator.clipboard.readText())
  assert.match(redirect, /\/api\/v1\/oauth\/[\w-]+\/callback$/)
  assert.equal(await page.getByLabel('Redirect URL', { exact: true }).inputValue(), redirect)
  await w.sim.register(redirect) // at Discord, before anything is saved here
  await good(page, 'Add OAuth Provider', { shots: 'dashboard-add-provider', both: true })
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByRole('heading', { name: 'my-discord-provider' }).waitFor()
  const made = await w.eng.call('/v1/admin/auth_providers/my-discord-provider')
  assert.equal(made.body.oauth2.redirect_uri, redirect, 'the address copied before saving is not the one that was saved')
  assert.equal(made.body.description, 'For the guild helper')
  await appCode('my-discord-provider', 'alice@example.com')
  await good(page, 'the new provider'); await shot(page, 'dashboard-provider-use')
  await page.getByRole('tab', { name: 'Test', exact: true }).click()
  await page.getByRole('button', { name: 'Test' }).click()
  await page.getByText('Client ID and secret').waitFor()
  await page.getByText('Only a first consent shows whether the provider knows the redirect address.').waitFor()
  await shot(page, 'dashboard-provider-test'); await good(page, 'the test of the provider')
  await close()
})

test('a saved secret is nowhere in the page, an empty one is kept, a change is saved, a provider is removed', async () => {
  const { page, close } = await w.person()
  await page.goto(`${w.eng.url}/dashboard/auth/oauth/my-discord-provider`)
  await page.getByLabel('Description').waitFor()
  assert.ok(!(await page.content()).includes(app.secret))
  assert.equal(await page.getByLabel('Client Secret').inputValue(), '')
  assert.equal(await page.getByLabel('Client Secret').getAttribute('placeholder'), 'A secret is set')
  await shot(page, 'dashboard-provider-edit')
  await page.getByLabel('Description').fill('For everybody')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved', { exact: true }).waitFor()
  assert.equal((await w.eng.call('/v1/admin/auth_providers/my-discord-provider')).body.description, 'For everybody')
  await appCode('my-discord-provider', 'after-edit@example.com') // the secret was kept
  await w.eng.call('/v1/admin/auth_providers', { method: 'POST', body: { id: 'to-remove', provider_id: 'github', oauth2: { client_id: 'x', client_secret: 'y' } } })
  await page.goto(`${w.eng.url}/dashboard/auth/oauth`)
  await page.getByRole('link', { name: /GitHub/ }).click()
  await page.getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('alertdialog').waitFor(); await good(page, 'the question before removing')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('heading', { name: 'Connected Apps' }).waitFor()
  assert.equal((await w.eng.call('/v1/admin/auth_providers/to-remove')).status, 404)
  await page.getByRole('link', { name: /GitHub/ }).waitFor({ state: 'detached' })
  await close()
})

/** The keys that a person presses who uses nothing else; each stop is told by its name and shows that it has the focus. */
function keyboard(page) {
  const key = (k) => page.keyboard.press(k)
  const here = () => page.evaluate(() => {
    const e = document.activeElement
    const label = e?.getAttribute('aria-label') || e?.labels?.[0]?.textContent || e?.textContent
    const box = e?.getBoundingClientRect()
    const seen = e && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth
    return { name: label?.trim(), role: e?.getAttribute('role') ?? e?.tagName.toLowerCase(), ring: e ? getComputedStyle(e).outlineStyle !== 'none' && parseFloat(getComputedStyle(e).outlineWidth) >= 2 : false, seen }
  })
  /** Tabs on until what has the focus is called so. */
  const to = async (name, role) => {
    for (let i = 0; i < 80; i++) {
      await key('Tab')
      const at = await here()
      if (at.name !== name || (role && at.role !== role)) continue
      assert.ok(at.ring, `${name} shows no focus ring`); assert.ok(at.seen, `${name} has the focus outside of what is seen`)
      return
    }
    assert.fail(`the keyboard does not reach ${name}`)
  }
  return { key, to, type: (text) => page.keyboard.type(text) }
}
for (const [where, id, options, menu] of [
  ['', 'keyboard-discord', {}, false],
  [', at 360 px and in dark', 'keyboard-small-discord', { viewport: { width: 360, height: 740 }, colorScheme: 'dark' }, true],
]) {
  test(`the same by keyboard alone, from the sign-in on${where}`, async () => {
    const { page, close } = await w.person({ as: null, ...options })
    const { key, to, type } = keyboard(page)
    await page.goto(`${w.eng.url}/dashboard`)
    await page.getByLabel('Email').waitFor()
    await to('Email'); await type(owner.email)
    await to('Password'); await type(owner.password); await key('Enter')
    await page.getByRole('heading', { name: 'Dashboard' }).waitFor(); await settled(page)
    if (menu) { await to('Menu'); await key('Enter'); await page.getByRole('dialog', { name: 'Menu' }).waitFor() }
    await to('Connections'); await key('Enter')
    await page.getByRole('heading', { name: 'Connected Apps' }).waitFor(); await settled(page)
    await to('Add OAuth Provider'); await key('Enter')
    await page.getByRole('tab', { name: 'Included Providers' }).waitFor()
    await page.getByPlaceholder(/^Search \d+ providers$/).waitFor() // what is typed is sought among them
    await to('Included Providers', 'tab')
    await to('Provider', 'combobox')
    await type('disc'); await key('Enter')
    await to('ID'); await key('Control+a'); await type(id)
    await to('Description'); await type('Typed, not clicked')
    await to('Client ID'); await type(app.id)
    await to('Client Secret'); await type(app.secret)
    await to('Copy Redirect URL'); await key('Enter')
    await page.getByText('Redirect URL copied').waitFor()
    await w.sim.register(await page.evaluate(() => navigator.clipboard.readText()))
    await to('Create'); await shot(page, `seed-keyboard${menu ? '-small-dark' : ''}`); await key('Enter')
    await page.getByRole('heading', { name: id }).waitFor()
    assert.equal((await w.eng.call(`/v1/admin/auth_providers/${id}`)).body.description, 'Typed, not clicked')
    await appCode(id, `${id}@example.com`)
    await close()
  })
}

test('the same at 360 px, in dark, through the menu', async () => {
  const { page, close } = await w.person({ as: null, viewport: { width: 360, height: 740 }, colorScheme: 'dark', hasTouch: true })
  await signIn(page)
  await page.getByRole('button', { name: 'Menu' }).click()
  await shot(page, 'dashboard-menu-small-dark'); await good(page, 'the menu at 360 px')
  await page.getByRole('link', { name: 'Connected Apps', exact: true }).click()
  await page.getByRole('link', { name: 'Add OAuth Provider' }).waitFor()
  await shot(page, 'dashboard-connected-apps-small-dark'); await good(page, 'Connected Apps at 360 px')
  await page.getByRole('link', { name: 'Add OAuth Provider' }).click()
  await page.getByRole('combobox', { name: 'Provider' }).click()
  await page.getByRole('option', { name: 'Discord', exact: true }).click()
  await page.getByLabel('ID', { exact: true }).fill('small-discord')
  await page.getByLabel('Description').fill('On a telephone')
  await page.getByLabel('Client ID').fill(app.id)
  await page.getByLabel('Client Secret').fill(app.secret)
  await shot(page, 'dashboard-add-provider-small-dark', { fullPage: true }); await good(page, 'Add OAuth Provider at 360 px')
  await w.sim.register(await page.getByLabel('Redirect URL', { exact: true }).inputValue())
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByRole('heading', { name: 'small-discord' }).waitFor()
  await good(page, 'the new provider at 360 px')
  await appCode('small-discord', 'small@example.com')
  await close()
})

test('a custom provider with all its requests; what is wrong stands beside its field and nothing typed is lost', async () => {
  const { page, close } = await w.person()
  await page.goto(`${w.eng.url}/dashboard/auth/oauth/new?tab=custom`)
  await page.getByRole('button', { name: 'Create' }).click()
  for (const words of ['Choose an ID.', 'Enter the client ID that the provider gave your app.']) await page.getByText(words).waitFor()
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-invalid')), 'true', 'the first wrong field has the focus')
  await page.getByLabel('ID', { exact: true }).fill('my-discord-provider') // taken
  await page.getByLabel('Client ID').fill(app.id)
  await page.getByLabel('Client Secret').fill(app.secret)
  await page.getByLabel('Authorization Endpoint').fill('https://discord.com/oauth2/authorize')
  await page.getByLabel('Token Endpoint').fill('not an address')
  await page.getByLabel('Use refresh token').check()
  await page.getByLabel('Refresh Endpoint').fill('https://discord.com/api/oauth2/token')
  await page.getByLabel('Use user info').check()
  await page.getByLabel('User Info Endpoint').fill('https://discord.com/api/users/@me')
  await page.getByLabel('Use token introspection').check()
  await page.getByLabel('Introspection Endpoint').fill('https://discord.com/api/oauth2/introspect')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByText('Must be an address that begins with https://.').waitFor()
  await page.getByLabel('Token Endpoint').fill('https://discord.com/api/oauth2/token')
  await good(page, 'Custom Provider'); await shot(page, 'dashboard-add-custom', { fullPage: true })
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByRole('alert').filter({ hasText: /my-discord-provider|already|taken|exists/i }).waitFor() // the engine says no
  assert.equal(await page.getByLabel('Client Secret').inputValue(), app.secret, 'what was typed is lost')
  await page.getByLabel('ID', { exact: true }).fill('my-custom')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByRole('heading', { name: 'my-custom' }).waitFor()
  const made = (await w.eng.call('/v1/admin/auth_providers/my-custom')).body.oauth2
  assert.equal(made.token_request.endpoint, 'https://discord.com/api/oauth2/token')
  assert.equal(made.refresh_request.params.grant_type, 'refresh_token')
  assert.equal(made.user_info_request.auth_method, 'bearer_access_token')
  assert.equal(made.token_introspection_request.endpoint, 'https://discord.com/api/oauth2/introspect')
  assert.equal(made.pkce.enabled, true)
  await page.getByRole('tab', { name: 'Settings' }).click()
  await page.getByLabel('Use token introspection').uncheck()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved', { exact: true }).waitFor()
  const saved = (await w.eng.call('/v1/admin/auth_providers/my-custom')).body.oauth2
  assert.ok(!saved.token_introspection_request?.endpoint, 'a section switched off is still there')
  await w.sim.register(saved.redirect_uri)
  await appCode('my-custom', 'custom@example.com') // Discord, as somebody would write it down who does not find it among the included ones
  await close()
})

test('a disconnect says what became of the tokens at the provider: kept while another of the same account lives, queued while it is down', async () => {
  const { page, open, close } = await w.person()
  const ids = (await w.eng.call('/v1/admin/user_connections?limit=100')).body.items.filter((c) => c.provider_id !== 'my-custom') // which names no revocation endpoint
  assert.ok(ids.length >= 3, 'the tests before have connected people')
  const disconnect = async (c) => {
    await open(`/auth/connections/${c.id}`)
    await page.getByRole('button', { name: 'Disconnect' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Disconnect' }).click()
    await page.getByRole('alertdialog').waitFor({ state: 'detached' })
  }
  await disconnect(ids[0]) // Discord would end the others' grants of this account with it
  await page.getByText('would also end another connection of the same account').waitFor()
  await shot(page, 'disconnect-kept')
  for (const c of ids.slice(1, -1)) await w.eng.call(`/v1/admin/user_connections/${c.id}`, { method: 'DELETE' })
  await w.sim.control('/faults', { method: 'POST', body: { on: 'revoke', status: 503, body: 'maintenance' } })
  await disconnect(ids.at(-1))
  await page.getByText('it is asked again for 24 hours').waitFor()
  await good(page, 'a disconnect that is queued')
  await w.sim.control('/faults', { method: 'DELETE' })
  await close()
})
