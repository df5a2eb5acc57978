// SPDX-License-Identifier: Apache-2.0
// Empty pages, all that the route table has: each says what belongs there and how to get it.  What they give to copy is true: the
// commands are the program's own, with options that it knows, and the requests are of the API and are understood by it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { routes } from '../../../web/src/routes.ts'
import { binary } from '../world.mjs'
import { world } from './dashboard_world.mjs'

let w
before(async () => { w = await world() })
after(async () => { await w?.stop() })

/** Pages that are never empty, and why; every other one of the route table must know what to say when it is. */
const full = {
  '': 'counters and first steps', projects: 'the project one is in', members: 'oneself', 'audit-logs': 'that the project was made', 'auth/settings': 'a form', account: 'a form', 'servers/new': 'a form', 'auth/oauth/new': 'a form',
}
const lists = routes.filter((r) => !r.includes(':') && !(r in full))
const help = (...words) => execFileSync(binary, [...words, '--help'], { encoding: 'utf8' })
/** Of `tokenbooth a b X --c`: is there such a command, and does it know --c? */
function known(line) {
  const words = line.split(/\s+/).slice(1)
  const bare = words.filter((x) => /^[a-z]+$/.test(x)).slice(0, 2)
  const listed = help().split('\n').map((l) => /^ {2}([a-z]+(?: [a-z]+)?)/.exec(l)?.[1]).filter(Boolean)
  const command = [bare.join(' '), bare[0]].find((c) => listed.includes(c))
  assert.ok(command, `tokenbooth has no command "${bare.join(' ')}": ${line}`)
  const own = help(...command.split(' '))
  for (const option of words.filter((x) => x.startsWith('--'))) assert.ok(new RegExp(`${option}\\b`).test(own), `tokenbooth ${command} has no ${option}: ${line}`)
}
/** A request as it would be typed into a shell, at this engine. */
async function understood(command) {
  const line = command.replaceAll('\\\n', ' ')
  const at = /\$ARCADE_BASE_URL(\/[\w/.-]+)"/.exec(line)?.[1]
  const body = JSON.parse(/-d '([^']+)'/.exec(line)[1])
  const method = /-X (\w+)/.exec(line)?.[1] ?? 'POST'
  assert.ok(at && line.includes('-H "Authorization: $ARCADE_API_KEY"') && line.includes('-H "Content-Type: application/json"'), command)
  const r = await w.eng.call(at, { method, body })
  assert.ok(r.status < 300 || /localhost:8002|provider/.test(r.body.message), `${command}: ${r.status} ${JSON.stringify(r.body)}`)
  assert.ok(![401, 404, 405, 415, 500].includes(r.status) && !r.body.field_errors?.some((f) => f.rule === 'unknown' || f.rule === 'required'), `${command}: ${r.status} ${JSON.stringify(r.body)}`)
}

/** Is the whole of what is to be copied seen, beside its button? */
const whole = (empty) => empty.evaluate((e) => {
  const pre = e.querySelector('pre').getBoundingClientRect(), button = e.querySelector('.copy').getBoundingClientRect()
  const text = document.createRange()
  text.selectNodeContents(e.querySelector('pre code'))
  return [...text.getClientRects()].every((r) => r.right <= pre.right && (r.right <= button.left || r.top >= button.bottom || r.bottom <= button.top))
})
test('every list of the route table, empty: what belongs there, how to get it, and something to click or to copy', async () => {
  const { page, open, close } = await w.person()
  await open('/projects')
  await page.getByRole('button', { name: 'Create Project' }).click()
  await page.getByRole('dialog').getByLabel('Name').fill('Bare')
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click()
  await page.getByRole('button', { name: 'Project Bare' }).waitFor() // nothing is in it, not even an API key
  const shells = []
  for (const at of lists) {
    await open(`/${at}`)
    const empty = page.locator('#main .empty')
    assert.equal(await empty.count(), 1, `/${at}: an empty list that does not say what belongs there`)
    assert.ok((await empty.getByRole('heading').innerText()).length > 8 && (await empty.locator('> p').innerText()).length > 40, `/${at} says too little`)
    assert.ok(await empty.locator('pre').count() + await empty.getByRole('link').count() > 0, `/${at} gives nothing to copy or to follow`)
    for (const link of await empty.getByRole('link').all()) {
      const to = (await link.getAttribute('href')).replace(/^\/dashboard\/?/, '')
      assert.ok(routes.includes(to), `/${at} leads to ${to}, which is no page`)
    }
    if (!await empty.locator('pre').count()) continue
    const shown = await empty.locator('pre').innerText()
    await empty.getByRole('button', { name: /^Copy/ }).click()
    assert.equal((await page.evaluate(() => navigator.clipboard.readText())).trim(), shown.trim(), `/${at}: what is copied is not what is shown`)
    assert.ok(await whole(empty), `/${at}: what is to be copied is cut off or lies below the button`)
    shells.push([at, shown])
  }
  for (const at of Object.keys(full)) {
    await open(`/${at}`)
    assert.equal(await page.locator('#main .empty').count(), 0, `/${at} is empty after all: take it off the list of those that never are`)
  }
  await close()
  assert.ok(shells.length >= 7, 'the empty pages give nothing to copy')
  for (const [, text] of shells) {
    if (text.startsWith('tokenbooth')) known(text.replaceAll('\\\n', ' '))
    else if (text.startsWith('curl')) await understood(text)
    else assert.match(text, /^pip install (arcade-tdk|arcade-serve)( arcade-serve)?$/, 'neither a command of ours, a request, nor a package that the tests install')
  }
})

test('every command of ours that a page of the dashboard names is one', () => {
  const src = path.join(import.meta.dirname, '../../../web/src')
  const lines = readdirSync(src, { recursive: true }).filter((f) => f.endsWith('.tsx')).flatMap((f) => readFileSync(path.join(src, f), 'utf8').match(/tokenbooth [a-z][^"'`<]*/g) ?? [])
  assert.ok(lines.length >= 4, 'no command is found in the sources')
  for (const line of lines) known(line.replaceAll('\\\\\\n', ' '))
})
