// SPDX-License-Identifier: Apache-2.0
import { zodResolver } from '@hookform/resolvers/zod'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { Tabs } from 'radix-ui'
import { useEffect, useState } from 'react'
import { useForm } from 'react-hook-form'
import { useNavigate, useParams } from 'react-router'
import { api, etagOf, ifMatch, must, Problem } from '../api/client'
import { Conflict, message, useSending } from '../lib/form'
import { useGuard } from '../lib/guard'
import { useMay } from '../lib/session'
import { Button } from '../ui/button'
import { Clashed, Confirm } from '../ui/dialog'
import { Field, SecretField } from '../ui/field'
import { Card, Facts, Loading, Note, Page, Wrong } from '../ui/page'
import { PAGE, Table, useListState } from '../ui/table'
import { say } from '../ui/toast'
import { McpParts, Timing } from './server_fields'
import { changesOf, fromWorker, inWords, serverForm, type ServerForm } from './server_form'
import { ServerConsent } from './server_consent'
import { Health, uriOf, workersKey, type Worker } from './servers'
import { toolColumns } from './tools'

const seen = (w: Worker) => ({ etag: etagOf(w), words: { State: w.enabled === false ? 'disabled' : 'enabled', ...inWords(fromWorker(w)) } })
const read = (id: string) => must(api.GET('/v1/workers/{id}', { params: { path: { id } } }))

export default function ServerPage() {
  const { id = '' } = useParams()
  const may = useMay()
  const cache = useQueryClient()
  const navigate = useNavigate()
  const q = useQuery({ queryKey: [...workersKey, 'one', id], queryFn: () => read(id), refetchOnWindowFocus: false })
  const again = async () => seen(await read(id))
  const guard = useGuard(q.data && seen(q.data), again)
  const back = { to: '/dashboard/servers', label: 'Servers' }
  if (!q.data) return <Page title={id} back={back}>{q.error ? <Wrong error={q.error} retry={() => { void q.refetch() }} /> : <Loading />}</Page>
  const w = q.data
  const at = w.http ?? w.mcp
  const fixed = w.binding?.type === 'static'
  const write = may('workers:write') && !fixed
  const set = (saved: Worker) => { cache.setQueryData([...workersKey, 'one', id], saved); void cache.invalidateQueries({ queryKey: workersKey, predicate: (x) => x.queryKey[1] !== 'one' }); void cache.invalidateQueries({ queryKey: ['tools'] }) }
  const refused = (e: Error) => { say(e.message, 'bad'); void q.refetch() }
  const toggle = () => guard.run(async (match) => { set(await must(api.PATCH('/v1/workers/{id}', { params: { path: { id } }, headers: match, body: { enabled: w.enabled === false } }))) }).catch(refused)
  const remove = async (match: Record<string, string>) => {
    await must(api.DELETE('/v1/workers/{id}', { params: { path: { id } }, headers: match }))
    void navigate('/dashboard/servers'); cache.removeQueries({ queryKey: [...workersKey, 'one', id] })
    void cache.invalidateQueries({ queryKey: workersKey }); void cache.invalidateQueries({ queryKey: ['tools'] }); say(`${id} is removed`)
  }
  return (
    <><Clashed guard={guard} action={w.enabled === false ? 'Enable' : 'Disable'} left={() => { void q.refetch() }} failed={refused} />
    <Page title={id} about={uriOf(w)} back={back} badge={<Health id={id} enabled={w.enabled !== false} />} action={write && <>
      <Button onClick={() => { void toggle() }}>{w.enabled === false ? 'Enable' : 'Disable'}</Button>
      <Confirm trigger={<Button>Remove</Button>} title={`Remove ${id}?`} action="Remove" run={remove} seen={seen(w)} again={again} about={<p>Its tools leave the catalogue at once.</p>} /></>}>
      <Tabs.Root defaultValue="tools">
        <Tabs.List className="tabs" aria-label="About this server"><Tabs.Trigger value="tools">Tools</Tabs.Trigger><Tabs.Trigger value="settings">Settings</Tabs.Trigger></Tabs.List>
        <Tabs.Content value="tools" className="stack">{w.requirements?.authorization?.met === false && may('auth:use') && <ServerConsent w={w} />}<Tools id={id} /></Tabs.Content>
        <Tabs.Content value="settings" className="stack">{fixed && <Note>This server comes from engine.yaml and is changed there.</Note>}{write ? <Edit w={w} done={set} /> : <Card><Facts rows={[['Address', uriOf(w)], ['Timeout', `${at?.timeout ?? ''} s`], ['Retry', at?.retry]]} /></Card>}</Tabs.Content>
      </Tabs.Root>
    </Page></>
  )
}
function Tools({ id }: { id: string }) {
  const list = useListState()
  const may = useMay()
  const query = useQuery({ queryKey: ['tools', 'of', id, list.page], placeholderData: keepPreviousData, queryFn: () => must(api.GET('/v1/workers/{id}/tools', { params: { path: { id }, query: { limit: PAGE, offset: list.offset } } })) })
  return <Table label="Tools of this server" query={query} list={list} id={(t) => t.fully_qualified_name} columns={toolColumns(may('tools:use'))} empty={<Note>This server has told of no tool yet, or only of such as an older server offers under the same name and version. Is it running, and is its secret right? Its state stands above.</Note>} />
}
function Edit({ w, done }: { w: Worker; done: (w: Worker) => void }) {
  const form = useForm<ServerForm>({ resolver: zodResolver(serverForm), defaultValues: fromWorker(w) })
  const { send, busy, note } = useSending(form)
  const [base, setBase] = useState(w) // the version that was edited: what is saved is what differs from it
  const [conflict, setConflict] = useState<{ why: string; theirs: Worker } | null>(null)
  useEffect(() => { if (!form.formState.isDirty) { form.reset(fromWorker(w)); setBase(w) } }, [w])
  const kind = w.type === 'mcp' ? 'mcp' : 'http'
  const save = (over: Worker) => form.handleSubmit((f) => send(async () => {
    try {
      const saved = await must(api.PATCH('/v1/workers/{id}', { params: { path: { id: f.id } }, headers: ifMatch(etagOf(over)), body: { [f.type]: changesOf(f, fromWorker(over)) } as never }))
      setConflict(null); form.reset(fromWorker(saved)); setBase(saved); done(saved); say('Saved')
    } catch (e) {
      if (!(e instanceof Problem) || e.status !== 412) throw e
      setConflict({ why: e.message, theirs: await read(f.id) })
    }
  }))()
  return (
    <form noValidate className="stack" onSubmit={(e) => { e.preventDefault(); void save(base) }}>
      {conflict && <Conflict why={conflict.why} mine={inWords(form.getValues())} theirs={inWords(fromWorker(conflict.theirs))}
        keepMine={() => { setBase(conflict.theirs); void save(conflict.theirs) }}
        takeTheirs={() => { form.reset(fromWorker(conflict.theirs)); setBase(conflict.theirs); done(conflict.theirs); setConflict(null) }} />}
      <Card><div className="fields">
        <Field label={kind === 'mcp' ? 'URI' : 'URL'} inputMode="url" hint="At another host the secret has to be entered again." error={message(form, `${kind}.uri`)} {...form.register(`${kind}.uri`)} />
        {kind === 'http' ? <><SecretField label="Secret" placeholder={w.http?.secret?.exists ? 'A secret is set' : ''} hint="Leave empty to keep the one that is set." error={message(form, 'http.secret')} {...form.register('http.secret')} /><Timing form={form} kind="http" /></> : <McpParts form={form} redirect={w.mcp?.redirect_uri} set={Object.keys(w.mcp?.secrets ?? {})} />}
      </div></Card>
      {note}
      <div className="actions end"><Button kind="primary" type="submit" busy={busy} disabled={!form.formState.isDirty}>Save</Button></div>
    </form>
  )
}
