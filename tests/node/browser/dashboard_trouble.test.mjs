// SPDX-License-Identifier: Apache-2.0
// When things go wrong at the dashboard: two tabs, an ended session, an engine that is away.  Nothing typed is lost.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { good, owner, shot, world } from './dashboard_world.mjs'

let w
before(async () => {
  w = await world()
  await w.eng.call('/v1/admin/auth_providers', { method: 'POST', body: { id: 'shared', provider_id: 'discord', description: 'as it was', oauth2: { client_id: 'x', client_secret: 'y' } } })
})
after(async () => { await w?.stop() })
const described = async () => (await w.eng.call('/v1/admin/auth_providers/shared')).body.description

test('two tabs do not overwrite each other silently: both versions are shown, either may be kept', async () => {
  const { context, page, close } = await w.person()
  const at = `${w.eng.url}/dashboard/auth/oauth/shared`
  await page.goto(at); await page.getByLabel('Description').waitFor()
  const other = await context.newPage()
  await other.goto(at); await other.getByLabel('Description').fill('from the other tab')
  await other.getByRole('button', { name: 'Save' }).click()
  await other.getByText('Saved', { exact: true }).waitFor()
  await page.getByLabel('Description').fill('from this tab')
  await page.getByRole('button', { name: 'Save' }).click()
  const conflict = page.getByRole('alert', { name: 'Changed by somebody else' })
  await conflict.waitFor()
  assert.match(await conflict.innerText(), /from this tab[\s\S]*from the other tab/)
  assert.equal(await described(), 'from the other tab', 'the first tab\'s change is lost')
  assert.equal(await page.getByLabel('Description').inputValue(), 'from this tab')
  await good(page, 'the two versions'); await shot(page, 'conflict')
  await conflict.getByRole('button', { name: 'Save mine over it' }).click()
  await page.getByText('Saved', { exact: true }).waitFor()
  assert.equal(await described(), 'from this tab')
  await other.bringToFront()
  await other.getByLabel('Description').fill('late')
  await other.getByRole('button', { name: 'Save' }).click()
  await other.getByRole('button', { name: 'Take the saved version' }).click()
  assert.equal(await other.getByLabel('Description').inputValue(), 'from this tab')
  assert.equal(await described(), 'from this tab')
  await close()
})

test('a session that has ended is begun again above the page, and what was typed is saved then', async () => {
  const { context, page, close } = await w.person()
  await page.goto(`${w.eng.url}/dashboard/auth/oauth/shared`)
  await page.getByLabel('Description').fill('typed before the session ended')
  await context.clearCookies()
  await page.getByRole('button', { name: 'Save' }).click()
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
  await dialog.waitFor(); await good(page, 'the ended session'); await shot(page, 'session-ended')
  await dialog.getByLabel('Password').fill('not the password')
  await dialog.getByRole('button', { name: 'Sign in' }).click()
  await dialog.getByRole('alert').waitFor()
  await dialog.getByLabel('Password').fill(owner.password)
  await dialog.getByRole('button', { name: 'Sign in' }).click()
  await dialog.waitFor({ state: 'detached' })
  assert.equal(await page.getByLabel('Description').inputValue(), 'typed before the session ended')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved', { exact: true }).waitFor()
  assert.equal(await described(), 'typed before the session ended')
  // and who comes by the address alone is led to the sign-in page and back
  await context.clearCookies()
  await page.goto(`${w.eng.url}/dashboard/auth/oauth?q=sha`)
  await page.getByLabel('Email').fill(owner.email); await page.getByLabel('Password').fill(owner.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL('**/dashboard/auth/oauth?q=sha')
  await close()
})

test('a lost connection is shown, and found again without a reload', async () => {
  const { context, page, close } = await w.person()
  await page.goto(`${w.eng.url}/dashboard/auth/oauth/shared`)
  await page.getByLabel('Description').fill('typed while the engine is away')
  await context.setOffline(true)
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText(/The engine cannot be reached\. Trying again/).waitFor()
  await good(page, 'a lost connection'); await shot(page, 'lost-connection')
  await context.setOffline(false)
  await page.getByText(/The engine cannot be reached\. Trying again/).waitFor({ state: 'detached' })
  assert.equal(await page.getByLabel('Description').inputValue(), 'typed while the engine is away')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved', { exact: true }).waitFor()
  assert.equal(await described(), 'typed while the engine is away')
  await close()
})
