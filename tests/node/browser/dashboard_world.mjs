// SPDX-License-Identifier: Apache-2.0
// What the dashboard's browser tests stand on: an engine with its simulator, a signed-in person, a look at accessibility and at the
// Content-Security-Policy.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { chromium } from 'playwright-core'
import { app, engine, folder, simulator } from '../world.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const shots = process.env.TB_SCREENSHOTS
export const owner = { email: 'ada@example.com', password: 'correct horse battery' }

/** `file`: more of engine.yaml.  Everything ends with stop(). */
export async function world({ config = '', verifier } = {}) {
  const box = folder()
  const sim = await simulator(box.dir)
  const eng = await engine(box.dir, sim, { config, verifier: verifier ?? null })
  const port = sim.ready.connect_to[0].split(':').at(-1)
  const chrome = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', `--host-resolver-rules=MAP discord.com:443 127.0.0.1:${port}`] })
  let made = false
  return {
    box, sim, eng, chrome,
    /** A browser of its own, signed in as the owner unless told otherwise. */
    async person({ signIn = true, ...options } = {}) {
      const context = await chrome.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 860 }, reducedMotion: 'reduce', ...options })
      await context.grantPermissions(['clipboard-read', 'clipboard-write'])
      const page = await context.newPage()
      const broken = []
      page.on('console', (m) => { if (/Content Security Policy/i.test(m.text())) broken.push(m.text()) })
      page.on('pageerror', (e) => broken.push(String(e)))
      const close = async () => { await context.close(); assert.deepEqual(broken, [], 'errors in the page') }
      if (signIn) await enter(page, eng, made)
      made ||= signIn
      return { context, page, close }
    },
    async stop() { await chrome.close(); await eng.stop(); await sim.stop(); box.remove() },
  }
}
async function enter(page, eng, made) {
  await page.goto(made ? `${eng.url}/dashboard` : eng.ready.setup_url)
  await page.getByLabel('Email').fill(owner.email)
  await page.getByLabel('Password').fill(owner.password)
  await page.getByRole('button', { name: made ? 'Sign in' : 'Make the account' }).click()
  await page.waitForURL('**/dashboard**')
  await page.getByRole('navigation', { name: 'Main' }).or(page.getByRole('button', { name: 'Menu' })).first().waitFor()
}
export async function shot(page, name, options = {}) {
  if (!shots) return
  mkdirSync(shots, { recursive: true })
  await page.screenshot({ path: path.join(shots, `${name}.png`), ...options })
}
/** axe finds nothing, and the page is not wider than the screen. */
export async function good(page, what) {
  // axe is run as the browser's own tool would run it, not as a script of the page, which the policy forbids.
  await page.evaluate(axe)
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }))
  assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ') + ' ' + n.failureSummary).join(' | ')}`), [], what)
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.equal(wide, 0, `${what} is wider than the screen`)
}
export const inDark = (page) => page.emulateMedia({ colorScheme: 'dark' })
export const inLight = (page) => page.emulateMedia({ colorScheme: 'light' })
export { app }
