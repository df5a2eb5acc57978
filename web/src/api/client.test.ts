// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import openapi from '../../../docs/openapi.json'
import { api, inProject, link, must, Problem, rememberSession, scope, Unreachable } from './client'

const answers: Response[] = []
const asked: Request[] = []
beforeEach(() => {
  answers.length = 0; asked.length = 0
  scope.set('p1')
  vi.stubGlobal('fetch', async (r: Request | string) => {
    asked.push(r instanceof Request ? r : new Request(new URL(r, location.origin)))
    const a = answers.shift()
    if (!a) throw new TypeError('Failed to fetch')
    return a
  })
})
afterEach(() => { vi.unstubAllGlobals() })
const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })

test('a route goes to the project exactly when the engine serves it there', () => {
  const paths = Object.keys(openapi.paths)
  const twins = new Set(paths.filter((p) => p.includes('/orgs/{org_id}/')))
  const plain = paths.filter((p) => !p.includes('/orgs/{org_id}/'))
  expect(plain.length).toBeGreaterThan(40)
  // Served both ways, and of no project: signing out, and what the engine says of itself to anybody.
  const ofNoProject = ['/tb/v1/sessions/current', '/v1/health', '/v1/config', '/v1/swagger']
  for (const p of ofNoProject) { expect(plain).toContain(p); expect(inProject(p)).toBe(p) }
  for (const p of plain) {
    if (ofNoProject.includes(p)) continue
    const there = inProject(p).replace('/orgs/default/projects/p1/', '/orgs/{org_id}/projects/{project_id}/')
    if (twins.has(p.replace(/^\/(tb\/)?v1\//, (h) => `${h}orgs/{org_id}/projects/{project_id}/`))) expect(twins).toContain(there)
    else expect(there).toBe(p)
  }
})

test('a refusal becomes a Problem with the engine\'s words and fields', async () => {
  answers.push(json(400, { name: 'malformed_request', message: 'wrong', field_errors: [{ field: 'id', rule: 'required', message: 'is required' }] }))
  const e = await must(api.GET('/v1/admin/auth_providers')).catch((x: unknown) => x)
  expect(e).toBeInstanceOf(Problem)
  expect(e).toMatchObject({ status: 400, code: 'malformed_request', message: 'wrong', fields: [{ field: 'id', message: 'is required' }] })
})

test('writes carry the CSRF value, reads do not; a stale one is renewed once for the same person', async () => {
  rememberSession({ csrf: 'old', account_id: 'a' })
  answers.push(json(403, { name: 'csrf_failed', message: 'x' }), json(200, { csrf: 'new', account_id: 'a' }), json(200, { external_id: 'e', redirect_uri: 'u' }))
  await must(api.POST('/tb/v1/redirect_uris'))
  expect(asked.map((r) => [r.method, new URL(r.url).pathname, r.headers.get('Tokenbooth-CSRF')])).toEqual([
    ['POST', '/tb/v1/orgs/default/projects/p1/redirect_uris', 'old'], ['GET', '/tb/v1/sessions/current', null], ['POST', '/tb/v1/orgs/default/projects/p1/redirect_uris', 'new']])
})

test('a lost connection is told and found again; an ended session is told', async () => {
  await expect(must(api.GET('/tb/v1/provider_types'))).rejects.toBeInstanceOf(Unreachable)
  expect(link.get().reachable).toBe(false)
  answers.push(json(401, { name: 'invalid_authorization', message: 'sign in first' }))
  await expect(must(api.GET('/tb/v1/provider_types'))).rejects.toMatchObject({ status: 401 })
  expect(link.get()).toEqual({ reachable: true, signedIn: false })
  link.signedInAgain()
  expect(link.get().signedIn).toBe(true)
})
