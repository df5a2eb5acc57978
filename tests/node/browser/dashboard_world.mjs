// SPDX-License-Identifier: Apache-2.0
// What the dashboard's browser tests stand on: an engine with its simulator, a signed-in person, a look at accessibility and at the
// Content-Security-Policy.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { chromium } from 'playwright-core'
import { app, binary, engine, folder, simulator } from '../world.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const here = import.meta.dirname
const shots = process.env.TB_SCREENSHOTS
/** 8 by 8 pixels of one colour. */
export const picture = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR4nGPQj36FFTEMLQkAKCRdAVHTl+gAAAAASUVORK5CYII=', 'base64')
export const owner = { email: 'ada@example.com', password: 'correct horse battery' }

/** An engine with `config` in its engine.yaml, its simulator, a browser; `setUp`: with an owner; `users`: so many connected users.
 *  Everything ends with stop(). */
export async function world({ config = '', verifier, setUp = true, users = 0 } = {}) {
  const box = folder()
  const key = users > 0 ? seed(users, path.join(box.dir, 'data')) : undefined
  const sim = await simulator(box.dir)
  const eng = await engine(box.dir, sim, { config, verifier: verifier ?? null, key })
  const port = sim.ready.connect_to[0].split(':').at(-1)
  const chrome = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', `--host-resolver-rules=MAP discord.com:443 127.0.0.1:${port}`] })
  const published = (await (await fetch(`${eng.url}/v1/swagger`)).json()).paths
  const api = Object.entries(published).map(([at, methods]) => [new RegExp(`^${at.replace(/\{\w+\}/g, '[^/]+')}$`), Object.keys(methods)])
  const known = new Map() // email → cookies: whoever has signed in once is in in every new browser
  const account = (who, role) => { execFileSync(binary, ['user', 'add', who.email, ...(role ? ['--role', role] : []), '--password-file', '-', '--data', eng.data], { input: who.password, stdio: 'pipe' }) }
  if (setUp) account(owner, 'owner')
  return {
    box, sim, eng, chrome, account,
    /** Signs in as the dashboard does when a session has ended; gives the cookies. */
    async cookies(who) {
      const r = await fetch(`${eng.url}/tb/v1/sessions`, { method: 'POST', headers: { 'content-type': 'application/json', origin: eng.url }, body: JSON.stringify(who) })
      assert.equal(r.status, 201, await r.text())
      return r.headers.getSetCookie().map((c) => { const [name, value] = c.split(';')[0].split('='); return { name, value, url: eng.url, httpOnly: true, sameSite: 'Lax' } })
    },
    /** A browser of its own: `as` is signed in (null: nobody); `fresh`: in a session of his own, for tests that end it. */
    async person({ as = owner, fresh = false, ...options } = {}) {
      const context = await chrome.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 860 }, reducedMotion: 'reduce', ...options })
      await context.grantPermissions(['clipboard-read', 'clipboard-write'])
      if (as && fresh) await context.addCookies(await this.cookies(as))
      else if (as) {
        if (!known.has(as.email)) known.set(as.email, await this.cookies(as))
        await context.addCookies(known.get(as.email))
      }
      const page = await context.newPage()
      const broken = []
      // What a page asks for is this engine's, and of the public API.
      context.on('request', (r) => {
        const url = new URL(r.url())
        if (!/^(fetch|xhr)$/.test(r.resourceType()) || url.protocol === 'data:') return
        if (url.origin !== eng.url || !api.some(([at, methods]) => at.test(url.pathname) && methods.includes(r.method().toLowerCase()))) broken.push(`${r.method()} ${r.url()} is not in the OpenAPI`)
      })
      page.on('console', (m) => { if (/Content Security Policy/i.test(m.text())) broken.push(m.text()) })
      page.on('pageerror', (e) => broken.push(String(e)))
      const close = async () => { await context.close(); assert.deepEqual(broken, [], 'errors in the page') }
      /** A page of the dashboard, when it stands. */
      const open = async (at = '') => { await page.goto(`${eng.url}/dashboard${at}`); await settled(page) }
      return { context, page, open, close }
    },
    /** The user's way from a link to the provider and back to the app's own verifier page, as alice there; gives the flow_id. */
    async agree(link) {
      const { context, page } = await this.person({ as: null })
      const back = page.waitForRequest((r) => r.url().startsWith(verifier))
      await page.goto(link)
      assert.ok(page.url().startsWith('https://discord.com/'), page.url())
      await page.getByLabel('Sign in as').selectOption('alice')
      await page.getByRole('button', { name: 'Authorize' }).click()
      const flow_id = new URL((await back).url()).searchParams.get('flow_id')
      await context.close()
      return flow_id
    },
    /** Asks for a token of this user, agrees, confirms. */
    async connect(provider_id, user_id) {
      const start = await this.ask(provider_id, user_id)
      const confirmed = await eng.call('/v1/auth/confirm_user', { method: 'POST', body: { flow_id: await this.agree(start.url), user_id } })
      assert.equal(confirmed.status, 200, JSON.stringify(confirmed.body))
      return start
    },
    async ask(provider_id, user_id) { return (await eng.call('/v1/auth/authorize', { method: 'POST', body: { user_id, auth_requirement: { provider_id, oauth2: { scopes: ['identify'] } } } })).body },
    async stop() { await chrome.close(); await eng.stop(); await sim.stop(); box.remove() },
  }
}
/** Through the store's own acts (tests/bench/seed.c): user-1@example.com and so on, at a provider `discord`.  Gives an API key. */
function seed(users, dir) {
  const out = execFileSync(process.env.TB_SEED ?? path.join(here, '../../../build/tests/bench/bench_seed'), [String(users), dir], { encoding: 'utf8' })
  return /ARCADE_API_KEY=(\S+)/.exec(out)[1]
}
/** Asks until it is so; at most half a minute. */
export async function until(so, what) {
  for (const end = Date.now() + 30_000; !await so();) {
    assert.ok(Date.now() < end, what)
    await new Promise((r) => setTimeout(r, 100))
  }
}
export async function settled(page) {
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.waitForFunction(() => !document.querySelector('.loading'))
}
export async function shot(page, name, options = {}) {
  if (!shots) return
  mkdirSync(shots, { recursive: true })
  await page.screenshot({ path: path.join(shots, `${name}.png`), ...options })
}
async function look(page, what, rules) {
  // axe is run as the browser's own tool would run it, not as a script of the page, which the policy forbids.
  if (!await page.evaluate(() => 'axe' in globalThis)) await page.evaluate(axe)
  const found = await page.evaluate((only) => globalThis.axe.run(document, { resultTypes: ['violations'], ...(only && { runOnly: only }) }), rules)
  assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ') + ' ' + n.failureSummary).join(' | ')}`), [], what)
}
/** axe finds nothing, in light and in dark, and the page is not wider than the screen.  `shots`: a
 * picture of that name; `both`: one in dark too; `colours`: false
 * where the same page was seen in both colours already. */
export async function good(page, what, { shots: name, both = false, colours = true, ...options } = {}) {
  const dark = await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches)
  const picture = async (isDark) => { if (name) await shot(page, isDark ? `${name}-dark` : name, options) }
  await look(page, what)
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.equal(wide, 0, `${what} is wider than the screen`)
  await picture(dark)
  if (!colours) return
  // Of axe's rules these two read colours; all others would find again what they found.
  await page.emulateMedia({ colorScheme: dark ? 'light' : 'dark' })
  await look(page, `${what}, in the other colours`, ['color-contrast', 'link-in-text-block'])
  if (both) await picture(!dark)
  await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' })
}
/** RFC 6238, as an authenticator app does it: SHA-1, 30 seconds, six digits. */
export function totp(secret, step = Math.floor(Date.now() / 30_000)) {
  const bits = [...secret.replaceAll('=', '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))
  const counter = Buffer.alloc(8); counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', key).update(counter).digest()
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}
export { app }
