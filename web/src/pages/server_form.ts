// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod/mini'
import type { Worker } from './servers'

const text = z.string().check(z.trim())
const whole = (most: number) => text.check(z.refine((s) => /^[0-9]+$/.test(s) && Number(s) >= 1 && Number(s) <= most, `A whole number from 1 to ${most}.`))
const pairs = z.array(z.object({ key: text, value: z.string() }))
export const serverForm = z.object({
  id: text.check(z.regex(/^[a-z0-9_-]{1,100}$/, 'Lowercase letters, numbers, underscores and hyphens only.')),
  type: z.enum(['http', 'mcp']),
  http: z.object({ uri: text, secret: text, timeout: whole(600), retry: whole(10) }),
  mcp: z.object({ uri: text, timeout: whole(600), retry: whole(10), headers: pairs, secrets: pairs, oauth2: z.object({ client_id: text, client_secret: text, authorization_url: text }) }),
}).check(z.superRefine((f, at) => {
  if (!/^https?:\/\/[^\s/]+/.test(f[f.type].uri)) at.addIssue({ code: 'custom', path: [f.type, 'uri'], message: 'Enter an address that begins with http:// or https://.' })
}))
export type ServerForm = z.infer<typeof serverForm>
export function newServer(): ServerForm {
  return { id: '', type: 'http', http: { uri: '', secret: '', timeout: '30', retry: '3' }, mcp: { uri: '', timeout: '30', retry: '3', headers: [], secrets: [], oauth2: { client_id: '', client_secret: '', authorization_url: '' } } }
}
const map = (r: { key: string; value: string }[]) => Object.fromEntries(r.filter((x) => x.key !== '').map((x) => [x.key, x.value]))

/** What the API takes for the kind of the server.  Empty secrets are left out: they stay as they are. */
export function settingsOf(f: ServerForm, onlyAddress = false): Record<string, unknown> {
  if (onlyAddress) return { uri: f[f.type].uri }
  if (f.type === 'http') return { uri: f.http.uri, timeout: Number(f.http.timeout), retry: Number(f.http.retry), ...(f.http.secret && { secret: f.http.secret }) }
  const o = f.mcp.oauth2
  const oauth2 = { ...(o.client_id && { client_id: o.client_id }), ...(o.client_secret && { client_secret: o.client_secret }), ...(o.authorization_url && { authorization_url: o.authorization_url }) }
  return { uri: f.mcp.uri, timeout: Number(f.mcp.timeout), retry: Number(f.mcp.retry), headers: map(f.mcp.headers), ...(f.mcp.secrets.length > 0 && { secrets: map(f.mcp.secrets) }), ...(Object.keys(oauth2).length > 0 && { oauth2 }) }
}
type Mcp = { uri?: string | null; timeout?: number | null; retry?: number | null; headers?: Record<string, unknown> | null; oauth2?: { client_id?: string | null; authorization_url?: string | null } | null }
export function fromWorker(w: Worker): ServerForm {
  const f = newServer()
  f.id = w.id ?? ''
  f.type = w.type === 'mcp' ? 'mcp' : 'http'
  if (w.http) f.http = { uri: w.http.uri ?? '', secret: '', timeout: String(w.http.timeout ?? 30), retry: String(w.http.retry ?? 3) }
  const m = (w as { mcp?: Mcp | null }).mcp
  if (m) f.mcp = { ...f.mcp, uri: m.uri ?? '', timeout: String(m.timeout ?? 30), retry: String(m.retry ?? 3), headers: Object.entries(m.headers ?? {}).map(([key, value]) => ({ key, value: String(value) })), oauth2: { client_id: m.oauth2?.client_id ?? '', client_secret: '', authorization_url: m.oauth2?.authorization_url ?? '' } }
  return f
}
export function inWords(f: ServerForm): Record<string, string> {
  const s = f[f.type]
  return { Address: s.uri, Timeout: s.timeout, Retry: s.retry, ...(f.type === 'mcp' && { Headers: f.mcp.headers.map((h) => `${h.key}: ${h.value}`).join('\n') }) }
}
