// SPDX-License-Identifier: Apache-2.0
import { act, renderHook } from '@testing-library/react'
import { useForm } from 'react-hook-form'
import { expect, test } from 'vitest'
import { Problem } from '../api/client'
import { matching } from '../ui/combobox'
import { tone, words } from '../ui/timeline'
import { customParts, fromProvider, newProvider, suggestId } from '../pages/provider_form'
import { differences, fieldErrors, message, sentence, useSending } from './form'
import { ago } from './time'
import { parameters, requirements, toInput, type Parameter, type Tool } from './tool'

test('field errors go beside their fields; the rest is said once', () => {
  const { result } = renderHook(() => {
    const form = useForm({ defaultValues: { id: '', oauth2: { client_id: '', hidden: '', params: [] as string[] } } })
    useSending(form)
    void form.formState.errors
    for (const path of ['id', 'oauth2.client_id', 'oauth2.params'] as const) void message(form, path) // drawn; `hidden` is not
    return form
  })
  const error = new Problem(400, { name: 'malformed_request', message: 'wrong', field_errors: [{ field: 'oauth2.client_id', message: 'is required' }, { field: 'oauth2.params.scope', message: 'must be a string' }, { field: 'oauth2.hidden', message: 'is odd' }] })
  let rest = ''
  act(() => { rest = fieldErrors(result.current, error) })
  expect(result.current.formState.errors.oauth2?.client_id?.message).toBe('Is required.')
  expect(result.current.formState.errors.oauth2?.params?.message).toBe('Scope must be a string.')
  expect(rest).toBe('oauth2.hidden: is odd')
  act(() => { rest = fieldErrors(result.current, new Problem(409, { name: 'conflict', message: 'there is one' })) })
  expect(rest).toBe('there is one')
  act(() => { rest = fieldErrors(result.current, new Problem(409, { name: 'conflict', message: 'there is one' }), 'id') })
  expect([rest, result.current.formState.errors.id?.message]).toEqual(['', 'There is one.'])
  expect(sentence(' must be short ')).toBe('Must be short.')
})

test('two versions differ where their words do', () => {
  expect(differences({ a: '1', b: '2', c: '' }, { a: '1', b: '3', d: 'x' })).toEqual(['b', 'd'])
})

test('times in words', () => {
  const now = Date.parse('2026-11-26T12:00:00Z')
  for (const [at, want] of [['2026-11-26T11:59:57Z', 'just now'], ['2026-11-26T11:55:00Z', '5 minutes ago'], ['2026-11-26T15:30:00Z', 'in 3 hours'], ['2026-11-24T12:00:00Z', '2 days ago'], ['2024-11-20T12:00:00Z', '2 years ago']])
    expect(ago(at!, now)).toBe(want)
})

const param = (p: Partial<Parameter>): Parameter => ({ name: 'x', required: false, description: '', type: 'string', inner: 'string', choices: [], ...p })
test('what was typed becomes the tool\'s input, or says what is wrong', () => {
  const good: [Partial<Parameter>, string, unknown][] = [[{ type: 'string' }, ' a ', ' a '], [{ type: 'integer' }, '42', 42], [{ type: 'number' }, '1.5', 1.5], [{ type: 'boolean' }, 'false', false], [{ type: 'json' }, '{"a":1}', { a: 1 }],
    [{ type: 'array' }, '["a"]', ['a']], [{ type: 'array' }, 'a\nb', ['a', 'b']], [{ type: 'array', inner: 'integer' }, '1\n2', [1, 2]]]
  for (const [p, text, want] of good) expect(toInput([param(p)], { x: text })).toEqual({ input: { x: want }, wrong: {} })
  const bad: [Partial<Parameter>, string][] = [[{ type: 'integer' }, '1.5'], [{ type: 'integer' }, 'many'], [{ type: 'number' }, 'x'], [{ type: 'boolean' }, 'yes'], [{ type: 'json' }, '{'], [{ type: 'array' }, '[1'], [{ type: 'array', inner: 'integer' }, 'a'], [{ required: true }, ''], [{ required: true }, '  ']]
  for (const [p, text] of bad) { const r = toInput([param(p)], { x: text }); expect(r.input, text).toEqual({}); expect(r.wrong.x, text).toBeTruthy() }
  expect(toInput([param({})], {})).toEqual({ input: {}, wrong: {} })
})

test('a tool of a strange server is read without harm', () => {
  const strange = { name: 'T', qualified_name: 'K.T', fully_qualified_name: 'K.T@1', toolkit: { name: 'K' }, input: { parameters: [null, 3, { name: 'ok', value_schema: { val_type: 'integer' } }, { required: true }] }, requirements: { authorization: 'no', secrets: [{ key: 'S', met: false }] } } as unknown as Tool
  expect(parameters(strange).map((p) => [p.name, p.type])).toEqual([['ok', 'integer']])
  expect(requirements(strange)).toMatchObject({ met: true, provider: '', secrets: [{ key: 'S', met: false }] })
  expect(parameters({ ...strange, input: {} } as Tool)).toEqual([])
})

test('a provider goes to the form and back: sections that are off are removed on a change and left out of a new one', () => {
  const f = newProvider()
  f.oauth2.authorize_request.endpoint = 'https://a.example/authorize'
  f.oauth2.token_request.endpoint = 'https://a.example/token'
  expect(Object.keys(customParts(f.oauth2, 'omit')).sort()).toEqual(['authorize_request', 'pkce', 'scope_delimiter', 'token_request'])
  const patch = customParts(f.oauth2, null) as Record<string, unknown>
  expect(patch.refresh_request).toBeNull(); expect(patch.user_info_request).toBeNull()
  const back = fromProvider({ id: 'x', oauth2: { client_id: 'c', client_secret: { exists: true, hint: '...abcd' }, authorize_request: { endpoint: 'https://a.example/authorize', params: { scope: '{{scopes}}' } } } } as never)
  expect(back.oauth2.client_secret).toBe('')
  expect(back.oauth2.authorize_request.params).toEqual([{ key: 'scope', value: '{{scopes}}' }])
  expect(back.oauth2.refresh_request.on).toBe(false)
})

test('an id is suggested that is not taken', () => {
  expect(suggestId('discord', [])).toBe('my-discord')
  expect(suggestId('discord', ['my-discord', 'my-discord-2'])).toBe('my-discord-3')
})

test('options are found by any word, those that begin with it first', () => {
  const o = [{ id: 'a', name: 'GitLab' }, { id: 'b', name: 'Lab Notes' }, { id: 'c', name: 'Discord', words: 'chat' }]
  expect(matching(o, 'lab').map((x) => x.id)).toEqual(['b', 'a'])
  expect(matching(o, 'CHAT').map((x) => x.id)).toEqual(['c'])
  expect(matching(o, 'zzz')).toEqual([])
})

test('steps in words and tones', () => {
  expect(words('token_exchanged')).toBe('Token exchanged')
  expect([tone('ok'), tone('failed'), tone('queued'), tone(null)]).toEqual(['good', 'bad', 'warn', 'none'])
})
