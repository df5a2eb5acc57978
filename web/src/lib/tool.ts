// SPDX-License-Identifier: Apache-2.0
// A tool as its server describes it.  The OpenAPI leaves these parts open, since servers of several kinds fill them; here they are read
// with care: what is not as expected is left out, never shown wrongly.
import type { Schemas } from '../api/client'

export type Tool = Schemas['ToolResponse']
export type Parameter = { name: string; required: boolean; description: string; type: string; inner: string; choices: string[] }
type Loose = Record<string, unknown>
const rec = (v: unknown): Loose => typeof v === 'object' && v !== null && !Array.isArray(v) ? v as Loose : {}
const arr = (v: unknown): unknown[] => Array.isArray(v) ? v : []
const str = (v: unknown): string => typeof v === 'string' ? v : ''

export function parameters(t: Tool): Parameter[] {
  return arr(t.input.parameters).map(rec).filter((p) => str(p.name)).map((p) => {
    const s = rec(p.value_schema)
    return { name: str(p.name), required: p.required === true, description: str(p.description), type: str(s.val_type) || 'json', inner: str(s.inner_val_type) || 'string', choices: arr(s.enum).map(String) }
  })
}
export type Requirements = { met: boolean; provider: string; scopes: string[]; providerOk: boolean; token: string; secrets: { key: string; met: boolean }[] }
export function requirements(t: Tool): Requirements {
  const r = rec(t.requirements)
  const a = rec(r.authorization)
  return {
    met: r.met !== false, provider: str(a.id) || str(a.provider_id), scopes: arr(rec(a.oauth2).scopes).map(String), providerOk: a.status !== 'inactive', token: str(a.token_status),
    secrets: arr(r.secrets).map(rec).map((s) => ({ key: str(s.key), met: s.met !== false })),
  }
}

/** Texts of the form as the input of the tool; what is wrong is told by field. */
export function toInput(params: Parameter[], typed: Record<string, string>): { input: Record<string, unknown>; wrong: Record<string, string> } {
  const input: Record<string, unknown> = {}
  const wrong: Record<string, string> = {}
  for (const p of params) {
    const text = typed[p.name] ?? ''
    if (text.trim() === '') {
      if (p.required) wrong[p.name] = 'This tool needs it.'
      continue
    }
    const v = parse(p, text)
    if (v === undefined) wrong[p.name] = hints[p.type] ?? 'This is not JSON.'
    else input[p.name] = v
  }
  return { input, wrong }
}
const hints: Record<string, string> = { integer: 'Enter a whole number.', number: 'Enter a number.', array: 'Enter a JSON list, or one entry a line.', boolean: 'Choose true or false.' }
function parse(p: Parameter, text: string): unknown {
  const t = text.trim()
  switch (p.type) {
    case 'string': return text
    case 'integer': return /^-?\d+$/.test(t) ? Number(t) : undefined
    case 'number': return Number.isFinite(Number(t)) ? Number(t) : undefined
    case 'boolean': return t === 'true' ? true : t === 'false' ? false : undefined
    case 'array': {
      if (t.startsWith('[')) { const v = json(t); return Array.isArray(v) ? v : undefined }
      const items = text.split('\n').map((x) => x.trim()).filter(Boolean)
      const inner = items.map((x) => p.inner === 'string' ? x : json(x))
      return inner.includes(undefined) ? undefined : inner
    }
    default: return json(t)
  }
}
function json(t: string): unknown { try { return JSON.parse(t) } catch { return undefined } }
