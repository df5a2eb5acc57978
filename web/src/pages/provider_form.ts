// SPDX-License-Identifier: Apache-2.0
// The form of a provider, in the engine's field names (so that its field errors find their fields), and the way to and from its API.
import { z } from 'zod/mini'
import type { Schemas } from '../api/client'

export type Provider = Schemas['AuthProviderResponse']
export type ProviderType = Schemas['ProviderType']
const text = z.string().check(z.trim())
const pairs = z.array(z.object({ key: text, value: z.string() }))
const address = text.check(z.refine((s) => s === '' || /^https?:\/\/[^\s/]+/.test(s), 'Must be an address that begins with https://.'))
const request = z.object({
  on: z.boolean(), endpoint: address, method: z.string(), auth_method: z.string(), auth_header_value_format: z.string(), params: pairs,
  request_content_type: z.string(), response_content_type: z.string(), response_map: pairs, expiration_format: z.string(),
  triggers: z.object({ on_token_grant: z.boolean(), on_token_refresh: z.boolean() }),
})
export type RequestForm = z.infer<typeof request>
export const requests = ['authorize_request', 'token_request', 'refresh_request', 'user_info_request', 'token_introspection_request'] as const
export type RequestName = (typeof requests)[number]

const idRule = z.refine<string>((s) => /^[a-z0-9_-]+$/.test(s), 'Lowercase letters, numbers, underscores and hyphens only.')
export const providerForm = z.object({
  kind: z.enum(['included', 'custom']),
  id: text.check(z.minLength(1, 'Choose an ID.'), z.maxLength(100, 'At most 100 characters.'), idRule),
  description: text.check(z.maxLength(1000, 'At most 1000 characters.')),
  provider_id: z.string(),
  status: z.enum(['active', 'inactive']),
  oauth2: z.object({
    client_id: text.check(z.minLength(1, 'Enter the client ID that the provider gave your app.'), z.maxLength(1000, 'At most 1000 characters.')),
    client_secret: text.check(z.maxLength(1000, 'At most 1000 characters.')),
    scope_delimiter: z.enum([' ', ',']),
    pkce: z.object({ enabled: z.boolean(), code_challenge_method: z.string() }),
    variables: z.record(z.string(), z.string()),
    environment: z.string(),
    authorize_request: request, token_request: request, refresh_request: request, user_info_request: request, token_introspection_request: request,
  }),
}).check(z.superRefine((f, at) => {
  if (f.kind === 'included') { if (!f.provider_id) at.addIssue({ code: 'custom', path: ['provider_id'], message: 'Choose a provider.' }) }
  else for (const n of requests) if (f.oauth2[n].on && !f.oauth2[n].endpoint) at.addIssue({ code: 'custom', path: ['oauth2', n, 'endpoint'], message: 'Enter the address from the provider\'s documentation.' })
}))
export type ProviderForm = z.infer<typeof providerForm>

const blank = (on: boolean, method: string, params: [string, string][] = []): RequestForm => ({
  on, endpoint: '', method, auth_method: '', auth_header_value_format: '', params: params.map(([key, value]) => ({ key, value })), request_content_type: '',
  response_content_type: '', response_map: [], expiration_format: '', triggers: { on_token_grant: true, on_token_refresh: false },
})
export function newProvider(kind: ProviderForm['kind'] = 'included'): ProviderForm {
  return {
    kind, id: '', description: '', provider_id: '', status: 'active',
    oauth2: {
      client_id: '', client_secret: '', scope_delimiter: ' ', pkce: { enabled: true, code_challenge_method: 'S256' }, variables: {}, environment: '',
      authorize_request: blank(true, 'GET', [['response_type', 'code'], ['client_id', '{{client_id}}'], ['redirect_uri', '{{redirect_uri}}'], ['scope', '{{scopes}} {{existing_scopes}}']]),
      token_request: blank(true, 'POST', [['grant_type', 'authorization_code'], ['client_id', '{{client_id}}'], ['client_secret', '{{client_secret}}'], ['redirect_uri', '{{redirect_uri}}']]),
      refresh_request: blank(false, 'POST', [['grant_type', 'refresh_token'], ['client_id', '{{client_id}}'], ['client_secret', '{{client_secret}}'], ['refresh_token', '{{refresh_token}}']]),
      user_info_request: { ...blank(false, 'GET'), auth_method: 'bearer_access_token' },
      token_introspection_request: blank(false, 'POST', [['token', '{{access_token}}']]),
    },
  }
}

/** A provider as the form shows it; of a secret only that there is one. */
export function fromProvider(p: Provider): ProviderForm {
  const f = newProvider()
  const o = p.oauth2
  f.kind = p.provider_id ? 'included' : 'custom'
  f.id = p.id ?? ''; f.description = p.description ?? ''; f.provider_id = p.provider_id ?? ''; f.status = p.status ?? 'active'
  if (!o) return f
  f.oauth2.client_id = o.client_id ?? ''
  f.oauth2.scope_delimiter = o.scope_delimiter === ',' ? ',' : ' '
  f.oauth2.pkce = { enabled: o.pkce?.enabled ?? false, code_challenge_method: o.pkce?.code_challenge_method ?? 'S256' }
  for (const name of requests) {
    const r = o[name] as (Schemas['OAuth2RequestConfigResponse'] & { triggers?: Schemas['RequestTriggers'] | null }) | null | undefined
    if (!r?.endpoint) { f.oauth2[name].on = false; continue }
    f.oauth2[name] = {
      on: true, endpoint: r.endpoint, method: r.method ?? '', auth_method: r.auth_method ?? '', auth_header_value_format: r.auth_header_value_format ?? '', params: rows(r.params),
      request_content_type: r.request_content_type ?? '', response_content_type: r.response_content_type ?? '', response_map: rows(r.response_map), expiration_format: r.expiration_format ?? '',
      triggers: { on_token_grant: r.triggers?.on_token_grant ?? false, on_token_refresh: r.triggers?.on_token_refresh ?? false },
    }
  }
  return f
}
const rows = (m: Record<string, unknown> | null | undefined) => Object.entries(m ?? {}).map(([key, value]) => ({ key, value: String(value) }))
const map = (r: { key: string; value: string }[]) => Object.fromEntries(r.filter((x) => x.key !== '').map((x) => [x.key, x.value]))

function requestBody(name: RequestName, r: RequestForm) {
  const words = Object.fromEntries((['method', 'auth_method', 'auth_header_value_format', 'request_content_type', 'response_content_type'] as const).filter((k) => r[k] !== '').map((k) => [k, r[k]]))
  return {
    endpoint: r.endpoint, ...words, params: map(r.params), response_map: map(r.response_map),
    ...(name === 'user_info_request' || name === 'token_introspection_request' ? { triggers: r.triggers } : {}),
    ...(name === 'token_introspection_request' ? { enabled: true, ...(r.expiration_format ? { expiration_format: r.expiration_format } : {}) } : {}),
  }
}
/** What a custom provider says about its requests.  `absent`: what stands for a section that is switched off. */
export function customParts(o: ProviderForm['oauth2'], absent: 'omit' | null) {
  const parts: Partial<Record<RequestName, unknown>> = {}
  for (const n of requests) {
    if (o[n].on) parts[n] = requestBody(n, o[n])
    else if (absent === null) parts[n] = null
  }
  return { scope_delimiter: o.scope_delimiter, pkce: o.pkce.enabled ? o.pkce : { enabled: false }, ...parts as Record<RequestName, never> }
}
/** An ID for a new provider that is not taken: "my-discord", then "my-discord-2". */
export function suggestId(type: string, taken: string[]) {
  const base = `my-${type}`
  for (let n = 1; ; n++) {
    const id = n === 1 ? base : `${base}-${n}`
    if (!taken.includes(id)) return id
  }
}
/** For comparing two versions, in words; secrets are left out. */
export function inWords(f: ProviderForm): Record<string, string> {
  const out: Record<string, string> = { Description: f.description, Status: f.status, 'Client ID': f.oauth2.client_id }
  if (f.provider_id !== '') return out
  out['PKCE'] = f.oauth2.pkce.enabled ? f.oauth2.pkce.code_challenge_method : 'off'
  for (const n of requests) {
    const r = f.oauth2[n]
    const title = n.replaceAll('_', ' ')
    out[title] = r.on ? r.endpoint : 'off'
    if (r.on) out[`${title}: parameters`] = r.params.map((p) => `${p.key}=${p.value}`).join('\n')
  }
  return out
}
