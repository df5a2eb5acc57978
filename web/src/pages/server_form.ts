// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod/mini'
import type { Worker } from './servers'

const text = z.string().check(z.trim())
const whole = (most: number) => text.check(z.refine((s) => /^[0-9]+$/.test(s) && Number(s) >= 1 && Number(s) <= most, `A whole number from 1 to ${most}.`))
const pairs = z.array(z.object({ key: text, value: z.string() }))
export const serverForm = z.object({
  id: text.check(z.regex(/^[a-z0-9_-]{1,100}$/, 'Lowercase letters, numbers, underscores and hyphens only.')),
  type: z.enum(['http', 'mcp']),
  saved: z.boolean(), // it is there already: an empty secret keeps the one that is set
  http: z.object({ uri: text, secret: text, timeout: whole(600), retry: whole(10) }),
  mcp: z.object({ uri: text, timeout: whole(600), retry: whole(10), headers: pairs, secrets: pairs, oauth2: z.object({ client_id: text, client_secret: text, authorization_url: text }) }),
}).check(z.superRefine((f, at) => {
  if (f.type === 'http' && !f.saved && !f.http.secret) at.addIssue({ code: 'custom', path: ['http', 'secret'], message: 'Enter the secret that the server was started with.' })
  if (f.type === 'mcp') for (const part of ['headers', 'secrets'] as const)
    f.mcp[part].forEach((row, i) => { if (row.key === '' && row.value !== '') at.addIssue({ code: 'custom', path: ['mcp', part, i, 'key'], message: 'Enter the name too.' }) })
  if (!/^https?:\/\/[^\s/]+/.test(f[f.type].uri)) at.addIssue({ code: 'custom', path: [f.type, 'uri'], message: 'Enter an address that begins with http:// or https://.' })
}))
export type ServerForm = z.infer<typeof serverForm>
export function newServer(): ServerForm {
  return { id: '', type: 'http', saved: false, http: { uri: '', secret: '', timeout: '30', retry: '3' }, mcp: { uri: '', timeout: '30', retry: '3', headers: [], secrets: [], oauth2: { client_id: '', client_secret: '', authorization_url: '' } } }
}
type Pairs = { key: string; value: string }[]
const map = (r: Pairs) => Object.fromEntries(r.filter((x) => x.key !== '').map((x) => [x.key, x.value]))
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

/** What the API takes to make a server of the form's kind. */
export function settingsOf(f: ServerForm, external_id?: string): Record<string, unknown> {
  if (f.type === 'http') return { uri: f.http.uri, timeout: Number(f.http.timeout), retry: Number(f.http.retry), ...(f.http.secret && { secret: f.http.secret }) }
  const oauth2 = { ...given(f.mcp.oauth2), ...(external_id && { external_id }) }
  return { uri: f.mcp.uri, timeout: Number(f.mcp.timeout), retry: Number(f.mcp.retry), headers: map(f.mcp.headers), secrets: map(f.mcp.secrets), oauth2 }
}
const given = (o: Record<string, string>) => Object.fromEntries(Object.entries(o).filter(([, v]) => v !== ''))
/** What the API takes to change one: only what is other than it was, since a client that is given anew ends what was agreed to with the
 * old one.  A secret whose row is gone is taken away (null); one whose value is empty stays. */
export function changesOf(f: ServerForm, was: ServerForm): Record<string, unknown> {
  if (f.type === 'http') return settingsOf(f)
  const { oauth2: o, headers, secrets } = f.mcp
  const names = new Set(secrets.map((s) => s.key))
  const gone = was.mcp.secrets.filter((s) => !names.has(s.key)).map((s) => [s.key, null])
  const changed = { ...Object.fromEntries(gone), ...map(secrets.filter((s) => s.value !== '')) }
  const client = Object.fromEntries((['client_id', 'authorization_url'] as const).filter((k) => o[k] !== was.mcp.oauth2[k]).map((k) => [k, o[k]]))
  const oauth2 = { ...client, ...(o.client_secret && { client_secret: o.client_secret }) }
  return {
    uri: f.mcp.uri, timeout: Number(f.mcp.timeout), retry: Number(f.mcp.retry), ...(!same(map(headers), map(was.mcp.headers)) && { headers: map(headers) }),
    ...(Object.keys(changed).length > 0 && { secrets: changed }), ...(Object.keys(oauth2).length > 0 && { oauth2 }),
  }
}
export function fromWorker(w: Worker): ServerForm {
  const f = newServer()
  f.id = w.id ?? ''
  f.saved = true
  f.type = w.type === 'mcp' ? 'mcp' : 'http'
  if (w.http) f.http = { uri: w.http.uri ?? '', secret: '', timeout: String(w.http.timeout ?? 30), retry: String(w.http.retry ?? 3) }
  const m = w.mcp
  if (m) {
    f.mcp = {
      uri: m.uri ?? '', timeout: String(m.timeout ?? 30), retry: String(m.retry ?? 3), headers: Object.entries(m.headers ?? {}).map(([key, value]) => ({ key, value })),
      secrets: Object.keys(m.secrets ?? {}).map((key) => ({ key, value: '' })), oauth2: { client_id: m.oauth2?.client_id ?? '', client_secret: '', authorization_url: m.oauth2?.authorization_url ?? '' },
    }
  }
  return f
}
export function inWords(f: ServerForm): Record<string, string> {
  const s = f[f.type]
  const lines = (r: Pairs) => r.map((h) => `${h.key}: ${h.value}`).join('\n')
  return {
    Address: s.uri, Timeout: s.timeout, Retry: s.retry, ...(f.type === 'http' && { Secret: f.http.secret ? 'a new one' : '' }),
    ...(f.type === 'mcp' && {
      Headers: lines(f.mcp.headers), 'Header Secrets': f.mcp.secrets.map((x) => x.key + (x.value ? ': a new value' : '')).join('\n'),
      'Client ID': f.mcp.oauth2.client_id, 'Client Secret': f.mcp.oauth2.client_secret ? 'a new one' : '', 'Authorization URL': f.mcp.oauth2.authorization_url,
    }),
  }
}
