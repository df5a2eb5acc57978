// SPDX-License-Identifier: Apache-2.0
// The engine's public API, typed by its own OpenAPI.  This file is the only one that calls fetch: it adds the project and the CSRF
// value, turns refusals into Problems, and tells whether the engine can be reached and whether the session is over.
import createClient from 'openapi-fetch'
import type { components, paths } from './schema'

export type Schemas = components['schemas']
export type FieldError = { field: string; message: string }

/** A refusal in the engine's words. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly fields: FieldError[]
  constructor(status: number, body: { name?: string; message?: string; field_errors?: FieldError[] | null } | undefined) {
    super(body?.message ?? `The engine answered ${status} without a reason.`)
    this.status = status
    this.code = body?.name ?? 'unknown'
    this.fields = body?.field_errors ?? []
  }
}
/** Nothing came back: the engine is down or the network is. */
export class Unreachable extends Error {
  constructor() { super('The engine cannot be reached.') }
}

// ---- what the rest of the app is told ----
type State = { reachable: boolean; signedIn: boolean }
let state: State = { reachable: true, signedIn: true }
const listeners = new Set<() => void>()
function become(next: Partial<State>) {
  if (Object.entries(next).every(([k, v]) => state[k as keyof State] === v)) return
  state = { ...state, ...next }
  for (const l of listeners) l()
}
export const link = {
  get: () => state,
  subscribe(l: () => void) { listeners.add(l); return () => { listeners.delete(l) } },
  signedInAgain: () => become({ signedIn: true }),
}

let csrf = ''
let account = ''
let project = sessionStorage.getItem('tb.project') ?? localStorage.getItem('tb.project') ?? 'default'
export const scope = {
  get: () => project,
  set(id: string) { project = id; sessionStorage.setItem('tb.project', id); localStorage.setItem('tb.project', id) },
}
export function rememberSession(s: { csrf: string; account_id: string }) { csrf = s.csrf; account = s.account_id }

/** Routes of no project: without a twin under /orgs/{org}/projects/{project}, or the same there; a unit test holds this against the OpenAPI. */
const engineWide = /^\/(v1\/(health|config|swagger)|metrics|api\/v1\/.*|tb\/v1\/(password|identities(\/[^/]+)?|projects|sessions|sessions\/current|totp|totp\/recovery_codes|backup)|(tb\/)?v1\/orgs\/.*)$/
export function inProject(path: string) {
  return engineWide.test(path) ? path : path.replace(/^\/(tb\/)?v1\//, (head) => `${head}orgs/default/projects/${encodeURIComponent(project)}/`)
}

async function reach(request: Request) {
  const reads = request.method === 'GET'
  if (!reads && csrf) request.headers.set('Tokenbooth-CSRF', csrf)
  try {
    const answer = await fetch(request)
    become({ reachable: true })
    return answer
  } catch (e) {
    if (e instanceof DOMException && e.name === 'AbortError') throw e
    become({ reachable: false })
    throw new Unreachable()
  }
}

/** The value belongs to the session; another tab may have signed in anew, or as somebody else: then this page is not his. */
async function renewCsrf() {
  const answer = await fetch('/tb/v1/sessions/current')
  if (!answer.ok) return false
  const s = await answer.json() as { csrf: string; account_id: string }
  if (account && s.account_id !== account) { location.reload(); return false }
  rememberSession(s)
  return true
}

async function send(request: Request): Promise<Response> {
  const again = request.clone()
  const answer = await reach(request)
  if (answer.status === 401 && new URL(request.url).pathname !== '/tb/v1/sessions') become({ signedIn: false })
  if (answer.status !== 403 || request.method === 'GET') return answer
  const why = await answer.clone().json().catch(() => undefined) as { name?: string } | undefined
  return why?.name === 'csrf_failed' && await renewCsrf() ? reach(again) : answer
}

class ScopedRequest extends Request {
  constructor(input: RequestInfo | URL, init?: RequestInit) {
    const url = new URL(input instanceof Request ? input.url : input, location.origin)
    url.pathname = inProject(url.pathname)
    super(url, init)
  }
}
export const api = createClient<paths>({ baseUrl: location.origin, fetch: send, Request: ScopedRequest })

/** The version of a thing that was read, to be sent with its change: somebody else's change in between is then refused (412). */
export function etagOf(thing: object) { return (thing as { etag?: string | null }).etag ?? '' }
export function ifMatch(etag: string): Record<string, string> { return etag ? { 'If-Match': etag } : {} }

type Answer<T> = { data?: T; error?: unknown; response: Response }
/** The answer, or the refusal as an exception. */
export async function must<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call
  if (!response.ok) throw new Problem(response.status, error as Schemas['Error'])
  return data as T
}
/** The same for answers that say something in a header. */
export async function mustWith<T>(call: Promise<Answer<T>>, header: string): Promise<{ data: T; header: string | null }> {
  const answer = await call
  return { data: await must(Promise.resolve(answer)), header: answer.response.headers.get(header) }
}

/** Asks until the engine answers again; the caller polls. */
export async function knock() {
  try {
    await fetch('/v1/health', { cache: 'no-store' })
    become({ reachable: true })
    return true
  } catch {
    return false
  }
}
