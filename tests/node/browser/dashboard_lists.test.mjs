// SPDX-License-Identifier: Apache-2.0
// Long lists: ten thousand connected users, of whom a page never reads more than it shows; events that go on; more apps, tools and
// invitations than a page.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { good, settled, until, world } from './dashboard_world.mjs'
import { toolServer } from './tool_server.mjs'

const USERS = 10_000
let w
before(async () => {
  w = await world({ users: USERS, config: 'security: {ssrf_allowlist: ["127.0.0.1"]}\n' })
  for (let i = 10; i < 40; i++) {
    const made = await w.eng.call('/v1/admin/auth_providers', { method: 'POST', body: { id: `app-${i}`, provider_id: 'github', description: i === 33 ? 'the one that is sought' : '', oauth2: { client_id: 'x', client_secret: 'y' } } })
    assert.equal(made.status, 201, JSON.stringify(made.body))
  }
})
after(async () => { await w?.stop() })

test('ten thousand connected users: paged, sought and filtered by the engine; where one is stands in the address', async () => {
  const { page, open, close } = await w.person()
  const read = [] // [query, items, bytes] of each answer
  page.on('response', async (r) => {
    if (!r.url().includes('/user_connections')) return
    const text = await r.text().catch(() => '')
    if (text) read.push([new URL(r.url()).searchParams, JSON.parse(text).items.length, text.length])
  })
  await open('/auth/connections')
  await page.getByText('1–25 of 10,000').waitFor()
  assert.equal(await page.getByRole('row').count(), 26)
  await good(page, 'a long list', { shots: 'list' })
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByText('26–50 of 10,000').waitFor()
  assert.equal(new URL(page.url()).searchParams.get('page'), '2')
  await page.reload(); await settled(page)
  await page.getByText('26–50 of 10,000').waitFor()
  await page.getByLabel('Search user IDs').fill('USER-9876@')
  await page.getByRole('link', { name: 'user-9876@example.com' }).waitFor()
  assert.equal(await page.getByRole('row').count(), 2)
  assert.equal(new URL(page.url()).searchParams.has('page'), false, 'a search begins at its first page')
  await page.getByRole('link', { name: 'user-9876@example.com' }).click()
  await page.getByRole('heading', { name: 'user-9876@example.com' }).waitFor()
  await page.goBack()
  await page.getByRole('link', { name: 'user-9876@example.com' }).waitFor()
  assert.equal(await page.getByLabel('Search user IDs').inputValue(), 'USER-9876@')
  await page.getByLabel('App').selectOption('app-12')
  await page.getByText('Nothing matches.').waitFor()
  await page.getByRole('button', { name: 'Clear the filters' }).click()
  await page.getByText('1–25 of 10,000').waitFor()
  await page.goto(`${w.eng.url}/dashboard/auth/connections?page=400`)
  await page.getByText('9,976–10,000 of 10,000').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Next' }).isDisabled(), true)
  await page.goto(`${w.eng.url}/dashboard/auth/connections?page=999`) // beyond the end
  await page.getByText('Nothing is on this page.').waitFor()
  await good(page, 'a page beyond the end')
  await page.getByRole('button', { name: 'To the first page' }).click()
  await page.getByText('1–25 of 10,000').waitFor()
  assert.ok(read.length >= 7)
  for (const [query, items, bytes] of read) assert.ok(items <= 25 && bytes < 40_000, `${query}: ${items} rows, ${bytes} bytes`)
  await close()
})

test('the home page counts them without reading them; a list of apps is paged and sought too', async () => {
  const { page, open, close } = await w.person()
  await open()
  await page.getByRole('link', { name: /Connected users\s*10,000/ }).waitFor()
  await good(page, 'the home page of many', { shots: 'home-many' })
  await open('/auth/oauth')
  await page.getByText('1–25 of 31').waitFor()
  await page.getByLabel('Search apps').fill('sought')
  await page.getByText('1–25 of 31').waitFor({ state: 'detached' })
  await page.getByRole('link', { name: /the one that is sought/ }).waitFor()
  assert.equal(await page.getByRole('row').count(), 2)
  await close()
})

test('more tools than the Playground lists, more open invitations than a page: it is said, and every one is reached', async () => {
  const server = await toolServer(1000)
  const made = await w.eng.call('/v1/workers', { method: 'POST', body: { id: 'play', http: { uri: server.uri, secret: 's', timeout: 30, retry: 1 } } })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  await until(async () => (await w.eng.call('/v1/tools')).body.total_count === 1002, 'the tools did not come')
  const { page, open, close } = await w.person()
  await open('/playground')
  await page.getByText('Only the first 1000 of 1002 tools are listed here.').waitFor()
  await good(page, 'a Playground with more tools than it lists')
  await open('/playground?tool=Play.Greet') // as the Tool Catalog links to it: past the thousandth
  await page.getByLabel('whom').fill('Ada')
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.getByText('Hello Ada').waitFor()
  await page.evaluate(async () => {
    const { csrf } = await (await fetch('/tb/v1/sessions/current')).json()
    for (let i = 0; i < 27; i++) await fetch('/tb/v1/invitations', { method: 'POST', headers: { 'Tokenbooth-CSRF': csrf, 'Content-Type': 'application/json' }, body: JSON.stringify({ email: `new-${i}@example.com`, role: 'viewer' }) })
  })
  await open('/members')
  const withdraw = page.getByRole('button', { name: /^Withdraw the invitation of new-/ })
  await withdraw.first().waitFor()
  assert.equal(await withdraw.count(), 25)
  await page.getByRole('button', { name: 'Load More' }).click()
  await page.waitForFunction(() => document.querySelectorAll('button[aria-label^="Withdraw"]').length === 27)
  assert.equal(await page.getByRole('button', { name: 'Load More' }).count(), 0)
  await close(); server.close()
})

test('the audit log: filters are the engine\'s, stand in the address, are cleared together; it goes on where it ended', async () => {
  const { page, open, close } = await w.person()
  for (let i = 0; i < 60; i++) { // more than a page of them
    const r = await w.eng.call('/v1/admin/secrets/KEY', { method: 'PUT', body: { value: `value ${i}`, description: String(i) } })
    assert.equal(r.status, 200, JSON.stringify(r.body))
  }
  await open('/audit-logs')
  const rows = page.getByRole('list', { name: 'Events' }).locator('> li')
  await page.getByRole('button', { name: 'Load More' }).click()
  await page.waitForFunction(() => document.querySelectorAll('.events > li').length > 50)
  await page.getByLabel('Action').selectOption('provider.created')
  await page.waitForFunction(() => [...document.querySelectorAll('.events .kind')].every((k) => k.textContent === 'Provider created'))
  await page.getByLabel('Search events').fill('app-33')
  await page.waitForFunction(() => document.querySelectorAll('.events > li').length === 1)
  const at = new URL(page.url()).searchParams
  assert.deepEqual([at.get('kind'), at.get('q')], ['provider.created', 'app-33'])
  await page.getByLabel('Source', { exact: true }).selectOption('API')
  await page.waitForFunction(() => document.querySelectorAll('.events > li').length === 1)
  await page.reload(); await settled(page)
  await page.waitForFunction(() => document.querySelectorAll('.events > li').length === 1)
  await page.getByLabel('Resource').selectOption('secret')
  await page.getByText('No event matches these filters.').waitFor()
  await good(page, 'no event of these filters')
  await page.getByRole('button', { name: 'Clear Filters' }).click()
  await page.waitForFunction(() => document.querySelectorAll('.events > li').length === 50)
  assert.equal(new URL(page.url()).search, '')
  await page.getByLabel('Action').selectOption('secret.updated')
  await page.getByText('Changed:').first().waitFor()
  assert.match(await rows.first().innerText(), /Changed:[\s\S]*description/)
  await page.getByLabel('Time').selectOption('1')
  await page.waitForFunction(() => document.querySelectorAll('.events > li').length > 1)
  await good(page, 'the audit log', { shots: 'audit-changes' })
  await close()
})
