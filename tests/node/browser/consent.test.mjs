// SPDX-License-Identifier: Apache-2.0
// A real Chromium at the engine's own pages: the first account by the one-time link, sign-in, the whole consent with the built-in
// verifier, wrong accounts, what is over.  None of them runs a script; each is looked at in light and dark and at 360 px, under the
// name and the picture of a project.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import Provider from 'oidc-provider'
import { json } from '../world.mjs'
import { app, good, picture, shot, world } from './dashboard_world.mjs'

let w, eng, corp
/** An OpenID Connect issuer that we did not write; whoever logs in there as NAME has the verified email NAME. */
async function issuer() {
  const http = createServer()
  await new Promise((done) => http.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${http.address().port}`
  const provider = new Provider(url, {
    cookies: { keys: ['only-for-this-test'] }, pkce: { required: () => true }, claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    features: { devInteractions: { enabled: true }, registration: { enabled: true, idFactory: () => 'tokenbooth', secretFactory: () => 'a secret of the issuer, long enough' } },
    clientDefaults: { grant_types: ['authorization_code'], response_types: ['code'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: id, email_verified: true }) }),
  })
  http.on('request', provider.callback())
  return { url, register: (redirect) => json(`${url}/reg`, { method: 'POST', body: { redirect_uris: [redirect] } }), close: () => { http.closeAllConnections(); http.close() } }
}
before(async () => {
  corp = await issuer()
  w = await world({ setUp: false, verifier: null, config: `sign_in: {oidc: [{id: corp, name: Corp, issuer: "${corp.url}", client_id: tokenbooth, client_secret: "a secret of the issuer, long enough", allowed_domains: [corp.example], role: member}]}\n` })
  eng = w.eng
  const client = await corp.register(`${eng.url}/sign-in/oidc/corp/callback`)
  assert.equal(client.status, 201, JSON.stringify(client.body))
  const made = await eng.call('/v1/admin/auth_providers', { method: 'POST', body: { id: 'my-discord', provider_id: 'discord', oauth2: { client_id: app.id, client_secret: app.secret } } })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  await w.sim.register(made.body.oauth2.redirect_uri)
  const named = await eng.call('/tb/v1/projects/current', { method: 'PATCH', body: { name: 'Guild helper', color: '#8a2be2' } })
  assert.equal(named.status, 200, JSON.stringify(named.body))
})
after(async () => { await w?.stop(); corp?.close() })
const person = (options) => w.person({ as: null, viewport: { width: 1000, height: 760 }, ...options })
/** A page of the engine's own: no script, axe content in both colours, not wider than a small screen. */
async function looks(page, name) {
  assert.equal(await page.locator('script').count(), 0)
  await good(page, name, { shots: name, both: true })
  const was = page.viewportSize()
  await page.setViewportSize({ width: 360, height: 740 })
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, `${name} is wider than a small screen`)
  await shot(page, `${name}-small`)
  await page.setViewportSize(was)
}

const owner = { email: 'Owner@Example.com', password: 'correct horse battery' }
const alice = { email: 'alice@example.com', password: 'a sentence that is long' }
async function signIn(page, who) {
  await page.getByLabel('Email').fill(who.email)
  await page.getByLabel('Password').fill(who.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}
const ask = (user_id, more = {}) => eng.call('/v1/auth/authorize', { method: 'POST', body: { auth_requirement: { provider_id: 'discord', oauth2: { scopes: ['identify', 'guilds'] } }, user_id, ...more } })

test('the one-time link makes the first account, once, and leads to the dashboard', async () => {
  const { context, page } = await person()
  await page.goto(`${eng.url}/setup`)
  await looks(page, 'setup-needed')
  await page.goto(eng.ready.setup_url)
  assert.ok(!page.url().includes('token='), 'the token stays in the address bar')
  await looks(page, 'setup')
  await page.getByLabel('Email').fill(owner.email)
  await page.getByLabel('Password').evaluate((e) => e.removeAttribute('minlength')) // as a browser that does not know it
  await page.getByLabel('Password').fill('short')
  await page.getByRole('button', { name: 'Make the account' }).click()
  const [beside] = await page.locator('.field', { has: page.getByLabel('Password') }).getByRole('alert').all()
  assert.match(await beside.innerText(), /^Password must be at least 10/)
  assert.equal(await page.getByLabel('Password').getAttribute('aria-describedby'), await beside.getAttribute('id'))
  assert.equal(await page.getByLabel('Email').inputValue(), owner.email, 'what was typed is lost')
  await looks(page, 'setup-wrong')
  assert.equal(await page.locator('h1').count(), 1)
  assert.ok(!page.url().includes('/dashboard'), 'a short password made an account')
  await page.getByLabel('Email').fill(owner.email)
  await page.getByLabel('Password').fill(owner.password)
  await page.getByRole('button', { name: 'Make the account' }).click()
  await page.waitForURL('**/dashboard**')
  await page.getByRole('navigation', { name: 'Main' }).waitFor()
  await context.close()
  const again = await person()
  await again.page.goto(eng.ready.setup_url)
  await looks(again.page, 'setup-used')
  assert.equal(await again.page.getByRole('button', { name: 'Make the account' }).count(), 0)
  assert.equal(await again.page.getByRole('heading', { name: 'This engine is set up' }).count(), 1)
  await again.context.close()
})

test('sign-in: wrong password says so and keeps the email; /dashboard needs it; sign-out ends it', async () => {
  const { context, page } = await person()
  await page.goto(`${eng.url}/dashboard`)
  await page.waitForURL('**/sign-in**'); await looks(page, 'sign-in')
  await signIn(page, { email: owner.email, password: 'not the password' })
  await looks(page, 'sign-in-wrong')
  assert.equal((await page.getByLabel('Email').inputValue()).toLowerCase(), owner.email.toLowerCase())
  await signIn(page, owner)
  await page.waitForURL('**/dashboard**')
  await page.getByRole('button', { name: /Account/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.waitForURL('**/sign-in')
  await page.goto(`${eng.url}/dashboard`)
  await page.waitForURL('**/sign-in**')
  await context.close()
})

test('the whole consent with the built-in verifier', async () => {
  w.account(alice)
  const drawn = await eng.call('/tb/v1/projects/current', { method: 'PATCH', body: { logo: `data:image/png;base64,${picture.toString('base64')}` } })
  assert.equal(drawn.status, 200, JSON.stringify(drawn.body))
  const start = await ask(alice.email)
  assert.equal(start.body.status, 'pending', JSON.stringify(start.body))
  const { context, page } = await person()
  await page.goto(start.body.url)
  assert.ok(page.url().startsWith('https://discord.com/'), page.url())
  await shot(page, 'simulated-consent')
  await page.getByLabel('Sign in as').selectOption('alice')
  await page.getByRole('button', { name: 'Authorize' }).click()
  await page.waitForURL(`${eng.url}/**`); await looks(page, 'verify-sign-in')
  await signIn(page, alice)
  await page.getByRole('button', { name: /Yes/ }).waitFor(); await looks(page, 'verify-confirm')
  assert.equal((await eng.call(`/v1/auth/status?id=${start.body.id}`)).body.status, 'pending', 'not completed before the click')
  assert.equal(await page.locator('img.logo').evaluate((i) => i.naturalWidth), 8, 'the project\'s picture is not shown')
  await page.getByText('Guild helper').waitFor()
  await page.getByRole('button', { name: /Yes/ }).click()
  await page.getByRole('heading', { name: /connected/i }).waitFor(); await looks(page, 'connected')
  const done = await eng.call(`/v1/auth/status?id=${start.body.id}`)
  assert.equal(done.body.status, 'completed'); assert.equal(done.body.context.user_info.username, 'alice')
  // an account made by `user add` may only verify itself
  const r = await page.goto(`${eng.url}/dashboard`)
  assert.equal(r.status(), 200)
  await page.getByRole('heading', { name: 'Nothing to administer here' }).waitFor()
  assert.equal(await page.getByRole('navigation').count(), 0)
  await shot(page, 'dashboard-verify-only')
  // but his password is his, and he can go
  await page.getByRole('link', { name: 'Your account' }).click()
  await page.getByRole('heading', { name: 'Password', exact: true }).waitFor()
  await page.goto(`${eng.url}/dashboard/api-keys`)
  await page.getByRole('button', { name: 'Sign in as somebody else' }).click()
  await page.waitForURL('**/sign-in')
  await page.goto(`${eng.url}/dashboard`)
  await page.waitForURL('**/sign-in**')
  await context.close()
})

test('a wrong account is not final: sign in as another and finish', async () => {
  const start = await ask(owner.email.toLowerCase())
  const { context, page } = await person()
  await page.goto(start.body.url)
  await page.getByLabel('Sign in as').selectOption('bob')
  await page.getByRole('button', { name: 'Authorize' }).click()
  await page.waitForURL(`${eng.url}/**`)
  await signIn(page, alice)
  await page.getByRole('heading', { name: /another account/i }).waitFor(); await looks(page, 'wrong-account')
  assert.equal((await eng.call(`/v1/auth/status?id=${start.body.id}`)).body.status, 'pending')
  await page.getByRole('button', { name: /another/i }).click()
  await signIn(page, owner)
  await page.getByRole('button', { name: /Yes/ }).click()
  await page.getByRole('heading', { name: /connected/i }).waitFor()
  assert.equal((await eng.call(`/v1/auth/status?id=${start.body.id}`)).body.status, 'completed')
  await context.close()
})

test('denied: a page a person understands', async () => {
  const start = await ask('denied@example.com', { next_uri: 'https://app.example/after' })
  const { context, page } = await person()
  await page.goto(start.body.url)
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.waitForURL(`${eng.url}/**`); await looks(page, 'denied')
  assert.equal(await page.getByRole('link', { name: /Back to the app/ }).getAttribute('href'), 'https://app.example/after')
  await context.close()
})

test('a link opened by a stranger\'s browser afterwards says what is wrong', async () => {
  const { context, page } = await person()
  const r = await page.goto(`${eng.url}/connect/not-a-link-that-exists`)
  assert.equal(r.status(), 404); await looks(page, 'gone')
  await context.close()
})

test('the last page of a dry run, an address that is none, a form that is out of date: each says what happened', async () => {
  const { context, page } = await person()
  const run = await eng.call('/v1/auth/validate_custom_verifier', { method: 'POST', body: { user_id: 'somebody', verifier_url: 'https://app.example/verify' } })
  const flow_id = new URL(run.body.next_uri).searchParams.get('flow_id')
  const confirmed = await eng.call('/v1/auth/confirm_user', { method: 'POST', body: { flow_id, user_id: 'somebody' } })
  assert.equal(confirmed.status, 200, JSON.stringify(confirmed.body))
  await page.goto(confirmed.body.next_uri)
  await page.getByRole('heading', { name: 'Your verifier works' }).waitFor(); await looks(page, 'verifier-works')
  await page.goto(`${eng.url}/api/v1/oauth/callback_success`)
  await page.getByText('The app can now go on. You can close this window.').waitFor(); await looks(page, 'done')
  await page.goto(`${eng.url}/no/such/page`)
  await page.getByRole('heading', { name: 'Not found' }).waitFor(); await looks(page, 'not-found')
  await page.goto(`${eng.url}/sign-in`)
  await context.clearCookies()
  await signIn(page, owner)
  await page.getByText(/out of date/).waitFor(); await looks(page, 'form-out-of-date')
  await page.getByRole('link', { name: 'Open the page again' }).click()
  await signIn(page, owner)
  await page.waitForURL('**/dashboard**')
  await context.close()
})

test('what fails says why and what to do: another browser, a provider in trouble, a request that is none', async () => {
  const start = await ask('fails@example.com')
  const { context, page } = await person()
  await w.sim.control('/faults', { method: 'POST', body: { on: 'token', status: 503, body: 'maintenance' } })
  await page.goto(start.body.url)
  await page.getByLabel('Sign in as').selectOption('alice')
  const back = page.waitForRequest((r) => r.url().startsWith(`${eng.url}/api/v1/oauth/`))
  await page.getByRole('button', { name: 'Authorize' }).click()
  await page.getByRole('heading', { name: 'Discord was not connected' }).waitFor()
  await page.getByText('Wait a little.').waitFor(); await looks(page, 'provider-down')
  await w.sim.control('/faults', { method: 'DELETE' })
  const stranger = await person()
  await stranger.page.goto((await back).url())
  await stranger.page.getByText('Open the link and finish in one and the same browser').waitFor(); await looks(stranger.page, 'wrong-browser')
  await stranger.page.goto(`${eng.url}/api/v1/oauth/callback_verify?flow_id=one&flow_id=two`)
  await stranger.page.getByRole('heading', { name: 'That did not work' }).waitFor(); await looks(stranger.page, 'did-not-work')
  await stranger.context.close()
  await page.getByRole('link', { name: 'Try again' }).click()
  await page.waitForURL('https://discord.com/**')
  await context.close()
})

test('a link that is only fetched ahead, and a provider that takes its time', async () => {
  const { context, page } = await person()
  const start = await ask('slow@example.com')
  await page.setExtraHTTPHeaders({ 'Sec-Purpose': 'prefetch' })
  await page.goto(start.body.url)
  await looks(page, 'only-looked')
  await page.setExtraHTTPHeaders({})
  await w.sim.control('/faults', { method: 'POST', body: { on: 'token', times: 1, delay_ms: 12000 } })
  await page.goto(start.body.url)
  await page.getByLabel('Sign in as').selectOption('alice')
  const back = page.waitForRequest((r) => r.url().startsWith(`${eng.url}/api/v1/oauth/`))
  const clicked = page.getByRole('button', { name: 'Authorize' }).click() // over when the page that it leads to has come
  const again = (await back).url()
  const other = await context.newPage() // the same answer once more, while the first is under way
  // It renews itself every two seconds, under the hands of whoever looks at it: one that does not is looked at first.
  await other.route((u) => u.href === again, async (route) => {
    const r = await route.fetch(), html = await r.text()
    assert.match(html, /<meta http-equiv="refresh" content="2">/)
    await route.fulfill({ response: r, body: html.replace(/<meta http-equiv="refresh"[^>]*>/, '') })
  }, { times: 1 })
  await other.goto(again)
  await other.getByRole('heading', { name: 'Finishing with Discord' }).waitFor()
  await looks(other, 'one-moment')
  await other.goto(again)
  await other.getByRole('heading', { name: 'Sign in' }).waitFor({ timeout: 60_000 }) // it renewed itself
  await clicked
  await w.sim.control('/faults', { method: 'DELETE' })
  await context.close()
})

test('an invitation, and one that is over, at 360 px too', async () => {
  const { context, page } = await person()
  await page.goto(`${eng.url}/sign-in`)
  await signIn(page, owner)
  await page.waitForURL('**/dashboard**')
  const link = await page.evaluate(async () => {
    const { csrf } = await (await fetch('/tb/v1/sessions/current')).json()
    return (await (await fetch('/tb/v1/invitations', { method: 'POST', headers: { 'Tokenbooth-CSRF': csrf, 'Content-Type': 'application/json' }, body: JSON.stringify({ email: 'guest@example.com', role: 'viewer' }) })).json()).url
  })
  await context.close()
  const guest = await person()
  await guest.page.goto(link)
  await looks(guest.page, 'invitation-page')
  await guest.page.goto(`${link.slice(0, -3)}xxx`)
  await looks(guest.page, 'invitation-over')
  await guest.context.close()
})

async function through(at) {
  await at.getByRole('link', { name: 'Sign in with Corp' }).click()
  await at.waitForURL(`${corp.url}/**`)
  if (await at.getByPlaceholder('Enter any login').count()) {
    await at.getByPlaceholder('Enter any login').fill('dora@corp.example'); await at.getByPlaceholder('and password').fill('x')
    await at.getByRole('button').click()
  }
  await at.getByRole('button', { name: 'Continue' }).click()
}
test('sign-in with an issuer: whoever is of its domain is in, comes back to the page he wanted, and again after his session has ended', async () => {
  const { context, page } = await person()
  await page.goto(`${eng.url}/dashboard/auth/oauth?q=disc`)
  await looks(page, 'sign-in-issuer')
  await through(page)
  await page.waitForURL(`${eng.url}/dashboard/auth/oauth?q=disc`)
  await page.getByRole('link', { name: /Discord/ }).waitFor()
  await page.getByRole('button', { name: /Account dora@corp\.example/ }).waitFor()
  await page.goto(`${eng.url}/dashboard/account`)
  await page.getByRole('heading', { name: 'Second factor' }).waitFor()
  assert.equal(await page.getByLabel('Current password').count(), 0, 'she has none')
  assert.equal(await page.getByRole('button', { name: 'Set up' }).count(), 0)
  await good(page, 'the account of an issuer\'s person', { shots: 'account-issuer' })
  // her session ends: what is typed waits while she signs in in another tab
  await page.getByLabel('New password').fill('typed before it ended')
  await context.clearCookies({ domain: '127.0.0.1', name: /^tb_session/ })
  await page.getByRole('button', { name: 'Set password' }).click()
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
  await dialog.waitFor(); await good(page, 'the ended session of an issuer\'s person', { shots: 'session-ended-issuer' })
  const opened = context.waitForEvent('page')
  await dialog.getByRole('link', { name: 'Sign in in another tab' }).click()
  const there = await opened
  await there.getByRole('link', { name: 'Sign in with Corp' }).click()
  await there.waitForURL(/\/dashboard\/account|\/interaction\//)
  if (there.url().includes('/interaction/')) await there.getByRole('button', { name: 'Continue' }).click()
  await there.waitForURL(`${eng.url}/dashboard/account`)
  await there.close()
  await dialog.getByRole('button', { name: 'I have signed in' }).click()
  await dialog.waitFor({ state: 'detached' })
  assert.equal(await page.getByLabel('New password').inputValue(), 'typed before it ended')
  await context.close()
})

test('the issuers one signs in with: listed; the last way to sign in stays, and why stands at the button; unlinked and linked again', async () => {
  const { context, page } = await person()
  await page.goto(`${eng.url}/dashboard/account`)
  await through(page)
  await page.waitForURL(`${eng.url}/dashboard/account`)
  const card = page.locator('.card', { has: page.getByRole('heading', { name: 'Sign-in with issuers' }) })
  await card.getByText(corp.url).waitFor()
  assert.match(await card.getByRole('listitem').innerText(), /^Corp\n[\s\S]*dora@corp\.example/)
  const unlink = async () => {
    await card.getByRole('button', { name: 'Unlink Corp' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Unlink' }).click()
  }
  await unlink()
  await page.getByRole('alertdialog').getByText('This is the last way to sign in to the account: set a password or link another issuer first.').waitFor()
  await good(page, 'the last way to sign in', { shots: 'identity-last', both: true })
  await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click()
  await card.getByText('Corp').first().waitFor()
  await page.getByLabel('New password').fill('a sentence of hers')
  await page.getByRole('button', { name: 'Set password' }).click()
  await page.waitForURL('**/sign-in**')
  await signIn(page, { email: 'dora@corp.example', password: 'a sentence of hers' })
  await page.waitForURL('**/dashboard/account')
  await unlink()
  await page.getByText('Corp is unlinked').waitFor()
  await card.getByRole('link', { name: 'Link Corp' }).waitFor()
  assert.equal(await card.getByRole('listitem').count(), 0)
  await good(page, 'an issuer that can be linked', { shots: 'identity-none' })
  await card.getByRole('link', { name: 'Link Corp' }).click()
  await page.waitForURL(/\/dashboard\/account|\/interaction\//)
  if (page.url().includes('/interaction/')) await page.getByRole('button', { name: 'Continue' }).click()
  await page.waitForURL(`${eng.url}/dashboard/account`)
  await card.getByRole('button', { name: 'Unlink Corp' }).waitFor()
  await good(page, 'an issuer that is linked', { shots: 'identity-linked', fullPage: true })
  await context.close()
})
