// SPDX-License-Identifier: Apache-2.0
// A real Chromium: first account by the one-time link, sign-in, the whole consent with the built-in verifier, wrong accounts, the dashboard
// page.  None of the engine's own pages runs a script; each is looked at in light and dark and at 360 px.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { chromium } from 'playwright-core'
import { app, engine, folder, simulator } from '../world.mjs'

let box, sim, eng, chrome
const shots = process.env.TB_SCREENSHOTS
before(async () => {
  box = folder(); sim = await simulator(box.dir); eng = await engine(box.dir, sim, { verifier: null })
  const made = await eng.call('/v1/admin/auth_providers', { method: 'POST', body: { id: 'my-discord', provider_id: 'discord', oauth2: { client_id: app.id, client_secret: app.secret } } })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  await sim.register(made.body.oauth2.redirect_uri)
  const port = sim.ready.connect_to[0].split(':').at(-1)
  chrome = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', `--host-resolver-rules=MAP discord.com:443 127.0.0.1:${port}`] })
})
after(async () => { await chrome?.close(); await eng?.stop(); await sim?.stop(); box?.remove() })

/** The simulator's certificate is of a CA that lives as long as this test, so certificate errors are ignored here only. */
async function person(options = {}) {
  const context = await chrome.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1000, height: 760 }, ...options })
  const page = await context.newPage()
  page.on('console', (m) => { if (m.type() === 'error' && /Content Security Policy/.test(m.text())) throw new Error(m.text()) })
  return { context, page }
}
async function shot(page, name) {
  if (!shots) return
  mkdirSync(shots, { recursive: true })
  await page.screenshot({ path: path.join(shots, `${name}.png`) })
}
async function noScript(page) { assert.equal(await page.locator('script').count(), 0) }

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
  await page.goto(eng.ready.setup_url)
  assert.ok(!page.url().includes('token='), 'the token stays in the address bar')
  await noScript(page); await shot(page, 'setup')
  await page.getByLabel('Email').fill(owner.email)
  await page.getByLabel('Password').fill('short')
  await page.getByRole('button', { name: 'Make the account' }).click()
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
  await shot(again.page, 'setup-used')
  assert.equal(await again.page.getByRole('button', { name: 'Make the account' }).count(), 0)
  assert.equal(await again.page.getByRole('heading', { name: 'This engine is set up' }).count(), 1)
  await again.context.close()
})

test('sign-in: wrong password says so and keeps the email; /dashboard needs it; sign-out ends it', async () => {
  const { context, page } = await person()
  await page.goto(`${eng.url}/dashboard`)
  await page.waitForURL('**/sign-in**'); await noScript(page); await shot(page, 'sign-in')
  await signIn(page, { email: owner.email, password: 'not the password' })
  await shot(page, 'sign-in-wrong')
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
  const { execFileSync } = await import('node:child_process')
  const { binary } = await import('../world.mjs')
  execFileSync(binary, ['user', 'add', alice.email, '--password-file', '-', '--data', eng.data], { input: alice.password })
  const start = await ask(alice.email)
  assert.equal(start.body.status, 'pending', JSON.stringify(start.body))
  const { context, page } = await person()
  await page.goto(start.body.url)
  assert.ok(page.url().startsWith('https://discord.com/'), page.url())
  await shot(page, 'simulated-consent')
  await page.getByLabel('Sign in as').selectOption('alice')
  await page.getByRole('button', { name: 'Authorize' }).click()
  await page.waitForURL(`${eng.url}/**`); await noScript(page); await shot(page, 'verify-sign-in')
  await signIn(page, alice)
  await page.getByRole('button', { name: /Yes/ }).waitFor(); await shot(page, 'verify-confirm')
  assert.equal((await eng.call(`/v1/auth/status?id=${start.body.id}`)).body.status, 'pending', 'not completed before the click')
  await page.getByRole('button', { name: /Yes/ }).click()
  await page.getByRole('heading', { name: /connected/i }).waitFor(); await noScript(page); await shot(page, 'connected')
  const done = await eng.call(`/v1/auth/status?id=${start.body.id}`)
  assert.equal(done.body.status, 'completed'); assert.equal(done.body.context.user_info.username, 'alice')
  // an account made by `user add` may only verify itself
  const r = await page.goto(`${eng.url}/dashboard`)
  assert.equal(r.status(), 200)
  await page.getByRole('heading', { name: 'Nothing to administer here' }).waitFor()
  assert.equal(await page.getByRole('navigation').count(), 0)
  await shot(page, 'dashboard-verify-only')
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
  await page.getByRole('heading', { name: /another account/i }).waitFor(); await shot(page, 'wrong-account')
  assert.equal((await eng.call(`/v1/auth/status?id=${start.body.id}`)).body.status, 'pending')
  await page.getByRole('button', { name: /another/i }).click()
  await signIn(page, owner)
  await page.getByRole('button', { name: /Yes/ }).click()
  await page.getByRole('heading', { name: /connected/i }).waitFor()
  assert.equal((await eng.call(`/v1/auth/status?id=${start.body.id}`)).body.status, 'completed')
  await context.close()
})

test('denied: a page a person understands, in dark and on a small screen', async () => {
  const start = await ask('denied@example.com', { next_uri: 'https://app.example/after' })
  const { context, page } = await person({ colorScheme: 'dark', viewport: { width: 360, height: 740 } })
  await page.goto(start.body.url); await shot(page, 'simulated-consent-dark-small')
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.waitForURL(`${eng.url}/**`); await noScript(page); await shot(page, 'denied-dark-small')
  assert.equal(await page.getByRole('link', { name: /Back to the app/ }).getAttribute('href'), 'https://app.example/after')
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
  assert.equal(overflow, false, 'the page is wider than the screen')
  await context.close()
})

test('a link opened by a stranger\'s browser afterwards says what is wrong', async () => {
  const { context, page } = await person()
  const r = await page.goto(`${eng.url}/connect/not-a-link-that-exists`)
  assert.equal(r.status(), 404); await noScript(page); await shot(page, 'gone')
  await context.close()
})
