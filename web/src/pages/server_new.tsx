// SPDX-License-Identifier: Apache-2.0
import { zodResolver } from '@hookform/resolvers/zod'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Tabs } from 'radix-ui'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { useNavigate } from 'react-router'
import { api, must, type Schemas } from '../api/client'
import { message, useSending } from '../lib/form'
import { Button, ButtonLink } from '../ui/button'
import { Field, SecretField } from '../ui/field'
import { Card, Note, Page, Waiting } from '../ui/page'
import { say } from '../ui/toast'
import { newServer, serverForm, settingsOf, type ServerForm } from './server_form'
import { McpParts, Timing } from './server_fields'
import { workersKey } from './servers'

export default function ServerNew() {
  const form = useForm<ServerForm>({ resolver: zodResolver(serverForm), defaultValues: newServer() })
  const { send, busy, note } = useSending(form, 'id')
  const navigate = useNavigate()
  const cache = useQueryClient()
  const type = form.watch('type')
  // Asked once for this form: the address can be registered at the authorization server before anything is saved here.
  const redirect = useQuery({ queryKey: ['redirect_uri', 'server'], queryFn: () => must(api.POST('/tb/v1/redirect_uris')), enabled: type === 'mcp', staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false, refetchOnReconnect: false })
  const trial = useSending(form)
  const [told, setTold] = useState<Schemas['WorkerTestResponse'] | null>(null)
  const test = () => trial.send(async () => { setTold(null); form.clearErrors(`${type}.uri`); setTold(await must(api.POST('/v1/workers/test', { body: { type, [type]: { uri: form.getValues(`${type}.uri`) } } as never }))) })
  const create = form.handleSubmit((f) => send(async () => {
    await must(api.POST('/v1/workers', { body: { id: f.id, type: f.type, enabled: true, [f.type]: settingsOf(f, redirect.data?.external_id) } as never }))
    void cache.invalidateQueries({ queryKey: workersKey }); void cache.invalidateQueries({ queryKey: ['tools'] })
    say(`${f.id} is registered`)
    void navigate(`/dashboard/servers/${encodeURIComponent(f.id)}`)
  }))
  const id = <Field label="ID" hint="Lowercase letters, numbers, underscores and hyphens." error={message(form, 'id')} placeholder="my-server" {...form.register('id')} />
  return (
    <Page title="Add Server" back={{ to: '/dashboard/servers', label: 'Servers' }}>
      <Tabs.Root value={type} onValueChange={(t) => { form.setValue('type', t as ServerForm['type']); form.clearErrors(); setTold(null) }}>
        <Tabs.List className="tabs" aria-label="Server type"><Tabs.Trigger value="http">Arcade</Tabs.Trigger><Tabs.Trigger value="mcp">Remote MCP</Tabs.Trigger></Tabs.List>
        <form onSubmit={create} noValidate>
          <Tabs.Content value="http" className="stack"><Card><div className="fields">
            {id}
            <Field label="URL" inputMode="url" placeholder="http://localhost:8002" hint="A private address has to be named in security.ssrf_allowlist of engine.yaml." error={message(form, 'http.uri')} {...form.register('http.uri')} />
            <SecretField label="Secret" hint="The ARCADE_WORKER_SECRET of the server; it signs every call." error={message(form, 'http.secret')} {...form.register('http.secret')} />
            <Timing form={form} kind="http" />
          </div></Card></Tabs.Content>
          <Tabs.Content value="mcp" className="stack"><Card><div className="fields">
            {id}
            <Field label="URI" inputMode="url" placeholder="https://mcp.example/mcp" hint="The address of its Streamable HTTP endpoint." error={message(form, 'mcp.uri')} {...form.register('mcp.uri')} />
            <McpParts form={form} redirect={redirect.data?.redirect_uri ?? null} />
          </div></Card></Tabs.Content>
          {note}
          <div aria-live="polite">{trial.busy ? <Waiting>Asking the server whether it answers.</Waiting> : trial.note}
            {busy && <Waiting>Registering the server.</Waiting>}
            {told && <Note tone={told.success ? 'good' : 'bad'}>{told.message || (told.success ? 'The server answers.' : 'The server does not answer.')}</Note>}</div>
          <div className="actions end">
            <Button onClick={() => { void test() }} busy={trial.busy} disabled={!form.watch(`${type}.uri`)}>Test connection</Button>
            <ButtonLink to="/dashboard/servers">Cancel</ButtonLink>
            <Button kind="primary" type="submit" busy={busy}>Create</Button>
          </div>
        </form>
      </Tabs.Root>
    </Page>
  )
}
