// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { changesOf, fromWorker, serverForm, settingsOf } from './server_form'
import type { Worker } from './servers'

const remote: Worker = {
  id: 'abacus', type: 'mcp', mcp: {
    uri: 'https://mcp.example/mcp', timeout: 30, retry: 3, headers: { 'X-Api-Key': '${secret:KEY}' }, secrets: { KEY: { exists: true }, OLD: { exists: true } },
    oauth2: { client_id: 'registered-by-the-engine', authorization_url: 'https://as.example/authorize' },
  },
}
test('a change sends what is other than it was: a client given anew would end what users agreed to', () => {
  const was = fromWorker(remote)
  const f = structuredClone(was)
  expect(changesOf(f, was)).toEqual({ uri: 'https://mcp.example/mcp', timeout: 30, retry: 3 })
  f.mcp.timeout = '9'
  f.mcp.oauth2.authorization_url = ''
  expect(changesOf(f, was)).toEqual({ uri: 'https://mcp.example/mcp', timeout: 9, retry: 3, oauth2: { authorization_url: '' } })
  f.mcp.oauth2 = { client_id: 'mine', client_secret: 'its-secret', authorization_url: was.mcp.oauth2.authorization_url }
  expect(changesOf(f, was).oauth2).toEqual({ client_id: 'mine', client_secret: 'its-secret' })
})
test('secrets: an empty value stays, a new one is sent, a row that is gone is taken away; headers are sent whole', () => {
  const was = fromWorker(remote)
  const f = structuredClone(was)
  f.mcp.secrets = [{ key: 'KEY', value: '' }, { key: 'MORE', value: 'x' }]
  expect(changesOf(f, was)).toMatchObject({ secrets: { OLD: null, MORE: 'x' } })
  f.mcp.headers = []
  expect(changesOf(f, was)).toMatchObject({ headers: {} })
})
test('a new server has its client and its redirect address only when they are given', () => {
  const f = fromWorker(remote)
  f.mcp.oauth2 = { client_id: '', client_secret: '', authorization_url: '' }
  f.mcp.secrets = []
  expect(settingsOf(f)).toEqual({ uri: 'https://mcp.example/mcp', timeout: 30, retry: 3, headers: { 'X-Api-Key': '${secret:KEY}' }, secrets: {}, oauth2: {} })
  expect(settingsOf(f, 'ap_1')).toMatchObject({ oauth2: { external_id: 'ap_1' } })
})
test('a value without a name is told beside its row, whichever kind of server has no address', () => {
  const f = fromWorker(remote)
  f.mcp.headers = [{ key: '', value: 'x' }]
  f.mcp.uri = 'mcp.example'
  const r = serverForm.safeParse(f)
  expect(r.success).toBe(false)
  expect(r.error?.issues.map((i) => i.path.join('.')).sort()).toEqual(['mcp.headers.0.key', 'mcp.uri'])
})
