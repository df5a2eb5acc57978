// SPDX-License-Identifier: Apache-2.0
import { zodResolver } from '@hookform/resolvers/zod'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { CircleCheck, CircleHelp, CircleX } from 'lucide-react'
import { Tabs } from 'radix-ui'
import { useEffect, useState } from 'react'
import { useForm } from 'react-hook-form'
import { useNavigate, useParams, useSearchParams } from 'react-router'
import { api, etagOf, ifMatch, must, Problem } from '../api/client'
import { Conflict, message, useSending } from '../lib/form'
import { useMay } from '../lib/session'
import { Button } from '../ui/button'
import { Confirm } from '../ui/dialog'
import { CopyField, Field, SecretField, Select } from '../ui/field'
import { Card, Code, Loading, Note, Page, Waiting, Wrong } from '../ui/page'
import { say } from '../ui/toast'
import { customParts, fromProvider, inWords, providerForm, type Provider, type ProviderForm } from './provider_form'
import { CustomSections } from './provider_fields'
import { AppState, providersKey, useProviderNames } from './providers'

const seen = (p: Provider) => ({ etag: etagOf(p), words: inWords(fromProvider(p)) })
const read = (id: string) => must(api.GET('/v1/admin/auth_providers/{id}', { params: { path: { id } } }))

export default function ProviderPage() {
  const { id = '' } = useParams()
  const q = useQuery({ queryKey: [...providersKey, 'one', id], queryFn: () => read(id), refetchOnWindowFocus: false })
  const nameOf = useProviderNames()
  const back = { to: '/dashboard/auth/oauth', label: 'Connected Apps' }
  if (q.error && !q.data) return <Page title={id} back={back}><Wrong error={q.error} retry={() => { void q.refetch() }} /></Page>
  if (!q.data) return <Page title={id} back={back}><Loading /></Page>
  const p = q.data
  return (
    <Page title={p.id ?? ''} about={`${nameOf(p.provider_id)}${p.description ? ` · ${p.description}` : ''}`} back={back} badge={<AppState p={p} />}
      action={<Remove p={p} />}>
      <Show p={p} />
    </Page>
  )
}

function Remove({ p }: { p: Provider }) {
  const may = useMay()
  const navigate = useNavigate()
  const cache = useQueryClient()
  if (!may('providers:write') || p.binding?.type === 'static') return null
  const run = async (match: Record<string, string>) => {
    await must(api.DELETE('/v1/admin/auth_providers/{id}', { params: { path: { id: p.id ?? '' } }, headers: match }))
    void navigate('/dashboard/auth/oauth')
    cache.removeQueries({ queryKey: [...providersKey, 'one', p.id] })
    void cache.invalidateQueries({ queryKey: providersKey })
    say(`${p.id} is removed`)
  }
  return <Confirm trigger={<Button>Remove</Button>} title={`Remove ${p.id}?`} action="Remove" run={run} seen={seen(p)} again={async () => seen(await read(p.id ?? ''))}
    about={<p>Every user connected through it is disconnected, their tokens are revoked at the provider where it offers that, and links that are still open stop working. This cannot be undone.</p>} />
}

function Show({ p }: { p: Provider }) {
  const [params, setParams] = useSearchParams()
  const isNew = params.get('new') === '1'
  const tab = params.get('tab') ?? (isNew ? 'use' : 'settings')
  return (
    <>
      {p.reason && <Note tone="bad"><p>{p.reason.cause}</p><p><b>How to mend it:</b> {p.reason.fix}</p></Note>}
      {isNew && <Note tone="good">The provider is ready to be used. Is the <b>Redirect URL</b> registered at the provider? Then ask for a token, as below.</Note>}
      <Tabs.Root value={tab} onValueChange={(t) => setParams({ tab: t }, { replace: true })}>
        <Tabs.List className="tabs" aria-label="About this app">
          <Tabs.Trigger value="settings">Settings</Tabs.Trigger>
          <Tabs.Trigger value="use">Use it</Tabs.Trigger>
          <Tabs.Trigger value="test">Test</Tabs.Trigger>
        </Tabs.List>
        <Tabs.Content value="settings" className="stack"><Edit p={p} /></Tabs.Content>
        <Tabs.Content value="use" className="stack"><Use p={p} /></Tabs.Content>
        <Tabs.Content value="test" className="stack"><Test p={p} /></Tabs.Content>
      </Tabs.Root>
    </>
  )
}

function Edit({ p }: { p: Provider }) {
  const may = useMay()
  const cache = useQueryClient()
  const form = useForm<ProviderForm>({ resolver: zodResolver(providerForm), defaultValues: fromProvider(p) })
  const { send, busy, note } = useSending(form)
  const [etag, setEtag] = useState(etagOf(p))
  const [conflict, setConflict] = useState<{ why: string; theirs: Provider } | null>(null)
  const fixed = p.binding?.type === 'static' || !may('providers:write')
  const custom = !p.provider_id
  useEffect(() => { if (!form.formState.isDirty) { form.reset(fromProvider(p)); setEtag(etagOf(p)) } }, [p])

  const save = (over: string) => form.handleSubmit((f) => send(async () => {
    try {
      const saved = await must(api.PATCH('/v1/admin/auth_providers/{id}', {
        params: { path: { id: p.id ?? '' } }, headers: ifMatch(over),
        body: { description: f.description, status: f.status, oauth2: { client_id: f.oauth2.client_id, client_secret: f.oauth2.client_secret, ...(custom ? customParts(f.oauth2, null) : {}) } },
      }))
      setConflict(null)
      form.reset(fromProvider(saved)); setEtag(etagOf(saved))
      cache.setQueryData([...providersKey, 'one', p.id], saved)
      void cache.invalidateQueries({ queryKey: providersKey, predicate: (q) => q.queryKey[1] !== 'one' })
      say('Saved')
    } catch (e) {
      if (!(e instanceof Problem) || e.status !== 412) throw e
      setConflict({ why: e.message, theirs: await read(p.id ?? '') })
    }
  }))()
  const takeTheirs = () => { if (!conflict) return; form.reset(fromProvider(conflict.theirs)); setEtag(etagOf(conflict.theirs)); cache.setQueryData([...providersKey, 'one', p.id], conflict.theirs); setConflict(null) }

  return (
    <form onSubmit={(e) => { e.preventDefault(); void save(etag) }} noValidate className="stack">
      {conflict && <Conflict why={conflict.why} mine={inWords(form.getValues())} theirs={inWords(fromProvider(conflict.theirs))} takeTheirs={takeTheirs}
        keepMine={() => { const over = etagOf(conflict.theirs); setEtag(over); void save(over) }} />}
      {p.binding?.type === 'static' && <Note>This provider comes from engine.yaml and is changed there.</Note>}
      <Card>
        <fieldset disabled={fixed} className="plain fields">
          <Field label="Description" optional error={message(form, 'description')} {...form.register('description')} />
          <Select label="Status" hint="An inactive app gives out no tokens; its connections are kept." {...form.register('status')}><option value="active">Active</option><option value="inactive">Inactive</option></Select>
          <Field label="Client ID" hint="Another client ID ends all connections made with this one." error={message(form, 'oauth2.client_id')} {...form.register('oauth2.client_id')} />
          <SecretField label="Client Secret" placeholder={p.oauth2?.client_secret?.exists ? 'A secret is set' : ''} hint={p.oauth2?.client_secret?.exists ? 'Leave empty to keep the one that is set.' : 'No secret is set.'}
            error={message(form, 'oauth2.client_secret')} {...form.register('oauth2.client_secret')} />
          <CopyField label="Redirect URL" value={p.oauth2?.redirect_uri ?? ''} hint="Must stand among your app’s redirect addresses at the provider, letter for letter." />
        </fieldset>
      </Card>
      {custom && <Card><fieldset disabled={fixed} className="plain"><CustomSections form={form} /></fieldset></Card>}
      {note}
      {!fixed && <div className="actions end">
        <Button onClick={() => { form.reset(fromProvider(p)); setConflict(null) }} disabled={!form.formState.isDirty}>Discard changes</Button>
        <Button kind="primary" type="submit" busy={busy} disabled={!form.formState.isDirty}>Save</Button>
      </div>}
    </form>
  )
}

export function Use({ p }: { p: Provider }) {
  const type = useQuery({ queryKey: ['provider_types'], queryFn: () => must(api.GET('/tb/v1/provider_types')), staleTime: Infinity }).data?.items.find((t) => t.id === p.provider_id)
  const scopes = JSON.stringify(type?.default_scopes.length ? type.default_scopes : ['identify'].slice(0, p.provider_id === 'discord' ? 1 : 0)).replaceAll(',', ', ')
  const env = `export ARCADE_BASE_URL=${location.origin}\nexport ARCADE_API_KEY=arc_…   # API Keys in the menu`
  const python = `from arcadepy import Arcade\n\nclient = Arcade()\nauth = client.auth.start(user_id="alice@example.com", provider="${p.id}", scopes=${scopes})\nif auth.status != "completed":\n    print("Please visit", auth.url)\nauth = client.auth.wait_for_completion(auth)\ntoken = auth.context.token`
  const js = `import { Arcade } from "@arcadeai/arcadejs";\n\nconst client = new Arcade();\nlet auth = await client.auth.start("alice@example.com", "${p.id}", { scopes: ${scopes} });\nif (auth.status !== "completed") console.log("Please visit", auth.url);\nauth = await client.auth.waitForCompletion(auth);\nconst token = auth.context.token;`
  return (
    <>
      <Card title="Tell your app where the engine is"><Code text={env} what="environment" /></Card>
      <Card title="Python" about="With arcadepy from PyPI."><Code text={python} what="Python code" /></Card>
      <Card title="JavaScript" about="With @arcadeai/arcadejs from npm."><Code text={js} what="JavaScript code" /></Card>
    </>
  )
}

const checkNames: Record<string, string> = { status: 'Switched on', redirect_uri: 'Redirect URL', authorize_url: 'Authorization page', token_url: 'Token endpoint', credentials: 'Client ID and secret' }
function Test({ p }: { p: Provider }) {
  const may = useMay()
  const run = useMutation({ mutationFn: () => must(api.POST('/tb/v1/providers/{id}/test', { params: { path: { id: p.id ?? '' } } })) })
  return (
    <Card title="Test the set-up" about="Asks the provider, with a code that cannot be good, whether it is reached and believes your client. No user is needed and nothing is changed."
      action={may('providers:write') && <Button kind="primary" busy={run.isPending} onClick={() => run.mutate()}>{run.data ? 'Test again' : 'Test'}</Button>}>
      <div aria-live="polite">
        {run.isPending && <Waiting>Asking the provider; this takes up to 20 seconds.</Waiting>}
        {run.error && <Wrong error={run.error} />}
        {run.data && <ul className="checks">{run.data.checks.map((c) => (
          <li key={c.name} className={c.outcome}>
            {c.outcome === 'passed' ? <CircleCheck aria-hidden="true" /> : c.outcome === 'failed' ? <CircleX aria-hidden="true" /> : <CircleHelp aria-hidden="true" />}
            <div><b>{checkNames[c.name] ?? c.name}</b> <span className="visually-hidden">{c.outcome}</span>{c.cause && <p>{c.cause}</p>}{c.fix && <p className="fix">{c.fix}</p>}</div>
          </li>
        ))}</ul>}
      </div>
    </Card>
  )
}
