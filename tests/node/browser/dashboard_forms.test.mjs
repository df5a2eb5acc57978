// SPDX-License-Identifier: Apache-2.0
// Every form of the dashboard gets bad values, such as the page itself knows and such as only the engine knows: what is wrong stands beside
// its field and belongs to it for who cannot see, the first such field has the focus, and nothing typed is lost.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { good, owner, totp, until, world } from './dashboard_world.mjs'
import { toolServer } from './tool_server.mjs'

const long = 'x'.repeat(1001), bell = 'with a bell\u0007'
const tab = (name) => (page) => page.getByRole('tab', { name }).click()
const press = (name) => (page) => page.getByRole('button', { name, exact: true }).click()
const unfold = (words) => (page) => page.getByText(words).click()
const check = (label) => (page) => page.getByLabel(label).check()
/** Another client of the engine ends the session; the page finds out when it asks for something. */
const sessionEnds = async (page) => { await page.context().clearCookies(); await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'API Keys' }).click(); await page.getByRole('dialog').waitFor() }

/** form: file below web/src and what it is; open: steps to it; send: its button; tries: [what is typed, what is said of which field]. */
const forms = [
  { form: 'pages/keys.tsx: a new key', at: '/api-keys', open: [press('Create API Key')], send: 'Create', tries: [
    [{ Name: ' ' }, { Name: /Give the key a name/ }],
    [{ Name: bell }, { Name: /Must be UTF-8 text without control characters\./ }]] },
  { form: 'pages/members.tsx: an invitation', at: '/members', open: [press('Invite Member')], send: 'Invite', tries: [
    [{ Email: 'nobody' }, { Email: /Enter an email address/ }],
    [{ Email: `nobody@${'x'.repeat(300)}.example` }, { Email: /Must be an address such as ada@example.com/ }],
    [{ Email: owner.email }, { Email: /is a member/ }]] },
  { form: 'pages/projects.tsx: a new project', at: '/projects', open: [press('Create Project')], send: 'Create', tries: [
    [{ Name: '' }, { Name: /Give the project a name/ }],
    [{ Name: bell }, { Name: /no control characters/ }]] },
  { form: 'pages/projects.tsx: this project', at: '/projects', open: [], send: 'Save', tries: [
    [{ Name: '' }, { Name: /Give the project a name/ }],
    [{ Name: bell }, { Name: /no control characters/ }]] },
  { form: 'pages/provider_new.tsx: an included provider', at: '/auth/oauth/new', open: [], send: 'Create', tries: [
    [{}, { Provider: /Choose a provider/, ID: /Choose an ID/, 'Client ID': /Enter the client ID/ }],
    [{ ID: 'With Spaces', 'Client ID': 'x', Description: long }, { Provider: /Choose a provider/, ID: /Lowercase letters/, Description: /At most 1000 characters/ }]] },
  { form: 'pages/provider_new.tsx: an included provider that wants more', at: '/auth/oauth/new', open: [async (page) => { await page.getByPlaceholder(/^Search \d+ providers$/).fill('github'); await page.keyboard.press('Enter') }], send: 'Create', tries: [
    [{ 'Client ID': 'x', 'Client Secret': 'y', host: 'no host/at all' }, { host: /./ }],
    [{ ID: 'taken', host: 'github.example' }, { ID: /taken|exists|already/ }],
    [{ ID: 'arcade-mine' }, { ID: /Must not begin with arcade/ }],
    [{ ID: 'mine', 'Client Secret': bell }, { 'Client Secret': /no control characters/ }]] },
  { form: 'pages/provider_new.tsx: a custom provider', at: '/auth/oauth/new?tab=custom', open: [check('Use refresh token'), check('Use user info'), check('Use token introspection')], send: 'Create', tries: [
    [{}, Object.fromEntries([['ID', /Choose an ID/], ['Client ID', /Enter the client ID/], ...['Authorization', 'Token', 'Refresh', 'User Info', 'Introspection'].map((s) => [`${s} Endpoint`, /Enter the address from the provider/])])],
    [{ ID: 'mine', 'Client ID': 'x', ...Object.fromEntries(['Authorization', 'Token', 'Refresh', 'User Info', 'Introspection'].map((s) => [`${s} Endpoint`, 'nowhere'])) },
      Object.fromEntries(['Authorization', 'Token', 'Refresh', 'User Info', 'Introspection'].map((s) => [`${s} Endpoint`, /begins with https/]))],
    [{ 'Authorization Endpoint': 'https://discord.com/oauth2/authorize', 'Token Endpoint': 'http://discord.com/api/oauth2/token', 'Refresh Endpoint': 'https://discord.com/r', 'User Info Endpoint': 'https://discord.com/u', 'Introspection Endpoint': 'https://discord.com/i' },
      { 'Token Endpoint': /Must be an https address/ }],
    [{ 'Token Endpoint': 'https://discord.com/api/oauth2/token', 'Parameters, row 1: Value': '{{no_such_word}}' }, { 'Parameters, row 1: Value': /response_type/i }]] },
  { form: 'pages/provider_edit.tsx: the settings of an app', at: '/auth/oauth/taken', open: [], send: 'Save', tries: [
    [{ 'Client ID': '', Description: long }, { 'Client ID': /Enter the client ID/, Description: /At most 1000 characters/ }],
    [{ 'Client ID': 'x', Description: 'changed', 'Client Secret': bell }, { 'Client Secret': /no control characters/ }]] },
  { form: 'pages/secrets.tsx: a secret', at: '/auth/secrets', open: [press('Add Secret')], send: 'Create', tries: [
    [{}, { 'Secret ID': /Enter the name/, Value: /Enter the value/ }],
    [{ 'Secret ID': 'no good name', Value: 'v', Description: long }, { 'Secret ID': /At most 256 letters/, Description: /At most 1000 characters/ }],
    [{ 'Secret ID': 'ARCADE_API_KEY', Description: '' }, { 'Secret ID': /Is reserved: no tool is ever given/ }],
    [{ 'Secret ID': 'TAKEN' }, { 'Secret ID': /There is a secret of this name already/ }]] },
  { form: 'pages/server_new.tsx: a tool server', at: '/servers/new', open: [], send: 'Create', tries: [
    [{ Timeout: '0', Retry: '11' }, { ID: /Lowercase letters/, URL: /begins with http/, Secret: /Enter the secret/, Timeout: /from 1 to 600/, Retry: /from 1 to 10/ }],
    [{ ID: 'mine', URL: 'http://127.0.0.1:9/?query=1', Secret: 's', Timeout: '30', Retry: '3' }, { URL: /without query or fragment/ }],
    [{ ID: 'play', URL: 'http://127.0.0.1:9' }, { ID: /play|already|taken|exists/ }]] },
  { form: 'pages/server_new.tsx: the test of one', at: '/servers/new', open: [], send: 'Test connection', tries: [[{ URL: 'http://127.0.0.1:9/?query=1' }, { URL: /without query or fragment/ }]] },
  { form: 'pages/server_new.tsx: a remote MCP server', at: '/servers/new', open: [tab('Remote MCP'), unfold('Advanced settings'), press('Add Header')], send: 'Create', tries: [
    [{ 'Headers, row 1: value': 'v' }, { ID: /Lowercase letters/, URI: /begins with http/, 'Headers, row 1: name': /Enter the name too/ }],
    [{ ID: 'mine', URI: 'https://mcp.example/mcp', 'Headers, row 1: name': 'Host' }, { 'Headers, row 1: name': /Must leave Host to the engine/ }],
    [{ 'Headers, row 1: name': 'X-Good', 'Client ID': bell, 'Authorization URL': 'nowhere' }, { 'Authorization URL': /./ }],
    [{ 'Authorization URL': '' }, { 'Client ID': /no control characters/ }]] },
  { form: 'pages/server.tsx: the settings of a server', at: '/servers/play', open: [tab('Settings')], send: 'Save', tries: [
    [{ URL: 'nowhere', Timeout: '601', Retry: '11' }, { URL: /begins with http/, Timeout: /from 1 to 600/, Retry: /from 1 to 10/ }],
    [{ URL: 'http://127.0.0.1:9', Timeout: '30', Retry: '3' }, { Secret: /Is required|again/ }]] },
  { form: 'pages/verification.tsx: how users are verified', at: '/auth/settings', open: [check('Custom user verifier')], send: 'Save settings', tries: [
    [{ 'Custom verifier URL': 'nowhere' }, { 'Custom verifier URL': /Enter the address of your verifier page/ }],
    [{ 'Custom verifier URL': 'https://app.example:99999/verify' }, { 'Custom verifier URL': /./ }]] },
  { form: 'pages/verification.tsx: the test of a verifier', at: '/auth/settings', open: [check('Custom user verifier')], send: 'Test', tries: [
    [{ 'User ID to confirm': bell, 'Custom verifier URL': 'https://app.example/verify' }, { 'User ID to confirm': /no control characters/ }]] },
  { form: 'pages/playground.tsx: the inputs of a tool', at: '/playground?tool=Play.Greet', open: [], send: 'Run', tries: [
    [{ 'User ID': '', times: 'many' }, { 'User ID': /Enter the user/, whom: /This tool needs it/, times: /Enter a whole number/ }],
    [{ whom: 'Ada', times: '1', 'User ID': 'x'.repeat(1100) }, { 'User ID': /at most/ }]] },
  { form: 'ui/session_ended.tsx: the session has ended', at: '', open: [sessionEnds], send: 'Sign in', tries: [[{ Password: 'not the password' }, { Password: /./ }]] },
  { form: 'pages/account.tsx: the password', at: '/account', open: [], send: 'Change password', tries: [
    [{ 'Current password': 'not the password', 'New password': 'short' }, { 'New password': /At least 10 characters/ }],
    [{ 'New password': 'a sentence that is long' }, { 'Current password': /Is not your password/ }]] },
  { form: 'pages/two_factor.tsx: the password before it', at: '/account', open: [], send: 'Set up', tries: [[{ Password: 'not the password' }, { Password: /Is not your password/ }]] },
  { form: 'pages/two_factor.tsx: the first code', at: '/account', open: [async (page) => { await page.getByLabel('Password', { exact: true }).fill(owner.password); await press('Set up')(page); await page.getByLabel('Key', { exact: true }).waitFor() }], send: 'Switch on', tries: [
    [{ Code: '000000' }, { Code: /Is wrong/ }]] },
  { form: 'pages/two_factor.tsx: when it is on', at: '/account', open: [async (page) => {
    await page.getByLabel('Password', { exact: true }).fill(owner.password); await press('Set up')(page)
    await page.getByLabel('Code', { exact: true }).fill(totp(await page.getByLabel('Key', { exact: true }).inputValue())); await press('Switch on')(page)
    await page.getByRole('button', { name: 'New recovery codes' }).waitFor()
  }], send: 'New recovery codes', tries: [[{ Code: '000000' }, { Code: /Is wrong/ }]] },
]

let w, worker
before(async () => {
  worker = await toolServer()
  w = await world({ config: 'security: {ssrf_allowlist: ["127.0.0.1"]}\n' })
  for (const [method, at, body] of [['POST', '/v1/admin/auth_providers', { id: 'taken', provider_id: 'discord', oauth2: { client_id: 'x', client_secret: 'y' } }], ['PUT', '/v1/admin/secrets/TAKEN', { value: 'v' }],
    ['POST', '/v1/workers', { id: 'play', enabled: true, http: { uri: worker.uri, secret: 'the-workers-own-secret', timeout: 30, retry: 3 } }]]) {
    const r = await w.eng.call(at, { method, body })
    assert.ok(r.status < 300, `${at}: ${JSON.stringify(r.body)}`)
  }
  await until(async () => (await w.eng.call('/v1/tools')).body.total_count === 2, 'the tools do not come')
})
after(async () => { await w?.stop(); worker?.close() })

test('no form of the dashboard is forgotten here', () => {
  const src = path.join(import.meta.dirname, '../../../web/src')
  const there = readdirSync(src, { recursive: true }).filter((f) => f.endsWith('.tsx') && /<form\b[^>]*onSubmit/.test(readFileSync(path.join(src, f), 'utf8')))
  for (const file of there) {
    const n = readFileSync(path.join(src, file), 'utf8').match(/<form\b[^>]*onSubmit/g).length
    const rows = forms.filter((f) => f.form.startsWith(`${file}:`)).length
    assert.ok(rows >= n, `${file} has ${n} forms, and ${rows} are tried here`)
  }
  for (const f of forms) assert.ok(there.includes(f.form.split(':')[0]), `${f.form}: there is no form`)
})

/** The dialog that is open, else the page. */
const inside = async (page) => await page.getByRole('dialog').count() ? page.getByRole('dialog') : page.locator('#main')
async function said(page, label, words) {
  const field = (await inside(page)).getByLabel(label, { exact: true }).first()
  const read = () => field.evaluate((e) => {
    const why = (e.getAttribute('aria-describedby') ?? '').split(' ').map((id) => document.getElementById(id)).filter((d) => d?.classList.contains('error'))
    return { invalid: e.getAttribute('aria-invalid'), why: why.map((d) => d.textContent).join(' '), seen: why.length > 0 && why.every((d) => d.checkVisibility()) }
  })
  await until(async () => { const r = await read(); return r.invalid === 'true' && words.test(r.why) }, '').catch(async () => assert.fail(`${label}: ${JSON.stringify(await read())}, not ${words}; the page says ${await page.locator('.error, .note.bad').allInnerTexts()}`))
  assert.equal((await read()).seen, true, `what is wrong with ${label} cannot be seen`)
}

for (const f of forms) {
  test(`${f.form}: what is wrong stands beside its field`, async () => {
    const { page, open, close } = await w.person({ fresh: f.form.startsWith('ui/') })
    await open(f.at)
    for (const step of f.open) await step(page)
    const typed = {}
    for (const [values, wrong] of f.tries) {
      for (const [label, text] of Object.entries(values)) await (await inside(page)).getByLabel(label, { exact: true }).first().fill(text)
      Object.assign(typed, values)
      await (await inside(page)).getByRole('button', { name: f.send, exact: true }).click()
      for (const [label, words] of Object.entries(wrong)) await said(page, label, words)
      await until(() => page.evaluate(() => document.activeElement?.getAttribute('aria-invalid') === 'true'), `${f.form}: no wrong field has the focus after ${JSON.stringify(values).slice(0, 80)}`)
      for (const [label, text] of Object.entries(typed)) assert.equal(await (await inside(page)).getByLabel(label, { exact: true }).first().inputValue(), text, `${label} is lost`)
    }
    await good(page, f.form, { shots: `form-${f.form.replace(/\W+/g, '-')}`, colours: false })
    await close()
  })
}
