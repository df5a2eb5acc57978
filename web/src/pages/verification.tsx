// SPDX-License-Identifier: Apache-2.0
import { zodResolver } from '@hookform/resolvers/zod'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { ExternalLink } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useForm } from 'react-hook-form'
import { z } from 'zod/mini'
import { api, etagOf, ifMatch, must, Problem, type Schemas } from '../api/client'
import { Conflict, message, useSending } from '../lib/form'
import { useMay, useSession } from '../lib/session'
import { Button } from '../ui/button'
import { Field } from '../ui/field'
import { Card, Code, Loading, Note, Page, Wrong } from '../ui/page'
import { say } from '../ui/toast'

type Settings = Schemas['SessionVerificationSettingsResponse']
const read = () => must(api.GET('/v1/admin/settings/session_verification'))
const schema = z.object({ method: z.enum(['builtin', 'custom']), verifier_url: z.string().check(z.trim(), z.maxLength(2048, 'At most 2048 characters.')) })
  .check(z.refine((f) => f.method === 'builtin' || /^https?:\/\/[^\s/]+/.test(f.verifier_url), { error: 'Enter the address of your verifier page; it begins with https://.', path: ['verifier_url'] }))
type Form = z.infer<typeof schema>
const toForm = (s: Settings): Form => ({ method: s.verifier_url ? 'custom' : 'builtin', verifier_url: s.verifier_url ?? '' })
const inWords = (f: Form) => ({ 'Verification Method': f.method === 'builtin' ? 'Accounts of this engine' : 'Custom user verifier', 'Custom verifier URL': f.method === 'custom' ? f.verifier_url : '' })

export default function Verification() {
  const q = useQuery({ queryKey: ['verification'], queryFn: read })
  return (
    <Page title="User Verification" about="Whoever comes back from a consent must be the user your app asked for. Otherwise somebody could be handed another’s link and connect the wrong account.">
      {q.data ? <Edit s={q.data} /> : q.error ? <Wrong error={q.error} retry={() => { void q.refetch() }} /> : <Loading />}
    </Page>
  )
}
function Edit({ s }: { s: Settings }) {
  const may = useMay()
  const cache = useQueryClient()
  const form = useForm<Form>({ resolver: zodResolver(schema), defaultValues: toForm(s) })
  const { send, busy, note } = useSending(form)
  const [etag, setEtag] = useState(etagOf(s))
  const [conflict, setConflict] = useState<{ why: string; theirs: Settings } | null>(null)
  useEffect(() => { if (!form.formState.isDirty) { form.reset(toForm(s)); setEtag(etagOf(s)) } }, [s])
  const save = (over: string) => form.handleSubmit((f) => send(async () => {
    try {
      const saved = await must(api.PUT('/v1/admin/settings/session_verification', { headers: ifMatch(over), body: { verifier_url: f.method === 'custom' ? f.verifier_url : null } }))
      setConflict(null); form.reset(toForm(saved)); setEtag(etagOf(saved))
      cache.setQueryData(['verification'], saved); say('Saved')
    } catch (e) {
      if (!(e instanceof Problem) || e.status !== 412) throw e
      setConflict({ why: e.message, theirs: await read() })
    }
  }))()
  const custom = form.watch('method') === 'custom'
  return (
    <div className="stack">
    <form onSubmit={(e) => { e.preventDefault(); void save(etag) }} noValidate className="stack">
      {conflict && <Conflict why={conflict.why} mine={inWords(form.getValues())} theirs={inWords(toForm(conflict.theirs))}
        keepMine={() => { const over = etagOf(conflict.theirs); setEtag(over); void save(over) }}
        takeTheirs={() => { form.reset(toForm(conflict.theirs)); setEtag(etagOf(conflict.theirs)); cache.setQueryData(['verification'], conflict.theirs); setConflict(null) }} />}
      <Card>
        <fieldset className="plain choices" disabled={!may('settings:write')}>
          <legend>Verification Method</legend>
          <label className="choice"><input type="radio" value="builtin" {...form.register('method')} /><span><b>Accounts of this engine only</b><small>Your users sign in to Tokenbooth itself; their account’s email must be the user_id your app asked for. Good for development and for a team.</small></span></label>
          <label className="choice"><input type="radio" value="custom" {...form.register('method')} /><span><b>Custom user verifier</b><small>A page of your own app, where your users are signed in already, says who came back. For production.</small></span></label>
          {custom && <Field label="Custom verifier URL" inputMode="url" placeholder="https://app.example/verify" hint="The browser comes here with ?flow_id=…; your page sends that and the signed-in user’s ID to /v1/auth/confirm_user." error={message(form, 'verifier_url')} {...form.register('verifier_url')} />}
        </fieldset>
      </Card>
      {note}
      {may('settings:write') && <div className="actions end"><Button kind="primary" type="submit" busy={busy} disabled={!form.formState.isDirty}>Save settings</Button></div>}
    </form>
      {custom ? <TestIt url={form.watch('verifier_url')} /> : <Card title="Give a user such an account" about="An API key may not make accounts. On the engine’s machine:"><Code text="tokenbooth user add alice@example.com" /></Card>}
    </div>
  )
}
function TestIt({ url }: { url: string }) {
  const may = useMay()
  const { email } = useSession()
  const form = useForm({ defaultValues: { user_id: email } })
  const { send, busy, note } = useSending(form)
  const [next, setNext] = useState('')
  const test = form.handleSubmit((f) => send(async () => {
    setNext('')
    if (!url.trim()) { form.setError('user_id', { message: 'Enter the address of your verifier page first.' }); return }
    setNext((await must(api.POST('/v1/auth/validate_custom_verifier', { body: { user_id: f.user_id.trim(), verifier_url: url } }))).next_uri ?? '')
  }))
  if (!may('auth:use')) return null
  return (
    <Card title="Test your verifier" about="A dry run: your page gets a flow_id as after a consent. When it confirms the user below, it is told that all is well; nothing is connected.">
      <form noValidate className="fields" onSubmit={(e) => { void test(e) }}>
        <Field label="User ID to confirm" error={message(form, 'user_id')} {...form.register('user_id')} />
        <div className="actions"><Button type="submit" busy={busy}>Test</Button></div>
        <div aria-live="polite">
          {note}
          {next && <Note tone="good">The test is ready. <a href={next} target="_blank" rel="noreferrer">Open your verifier page<ExternalLink aria-hidden="true" /></a> in the browser where you are signed in to your app as that user.</Note>}
        </div>
      </form>
      <Code what="Python code" text={'from arcadepy import Arcade\n\nresult = Arcade().auth.confirm_user(flow_id=request.args["flow_id"], user_id=signed_in_user)\nreturn redirect(result.next_uri)'} />
    </Card>
  )
}
