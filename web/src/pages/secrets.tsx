// SPDX-License-Identifier: Apache-2.0
import { zodResolver } from '@hookform/resolvers/zod'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { Lock, Plus } from 'lucide-react'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { z } from 'zod/mini'
import { api, etagOf, ifMatch, must, Problem, type Schemas } from '../api/client'
import { Conflict, message, useSending } from '../lib/form'
import { useMay } from '../lib/session'
import { full } from '../lib/time'
import { Button } from '../ui/button'
import { Confirm, Dialog } from '../ui/dialog'
import { Field, SecretField } from '../ui/field'
import { Empty, Page, Time } from '../ui/page'
import { PAGE, SearchBox, Table, useListState } from '../ui/table'
import { say } from '../ui/toast'

type Secret = Schemas['StoredSecretResponse']
const key = ['secrets']
/** There is no address of one secret to read: it is found by its name. */
async function read(name: string) {
  for (let offset = 0; ; offset += 100) {
    const page = await must(api.GET('/v1/admin/secrets', { params: { query: { q: name, limit: 100, offset } } }))
    const found = page.items.find((s) => s.key === name)
    if (found) return found
    if (page.items.length < 100) throw new Error(`${name} is not there any more: somebody deleted it.`)
  }
}
const seen = (s: Secret) => ({ etag: etagOf(s), words: { Description: s.description ?? '', Hint: s.hint ?? '', Value: s.updated_at ? `set ${full(s.updated_at)}` : '' } })
/** A new secret needs its value; of one that is there an empty value keeps the one that is set. */
const schema = (old: boolean) => z.object({ secret_key: z.string().check(z.trim(), z.minLength(1, 'Enter the name under which tools ask for it.'), z.regex(/^[A-Za-z0-9._-]{0,256}$/, 'At most 256 letters, digits, dots, underscores and hyphens.')), value: z.string().check(z.maxLength(5000, 'At most 5000 characters.'), ...(old ? [] : [z.minLength(1, 'Enter the value.')])), description: z.string().check(z.maxLength(1000, 'At most 1000 characters.')) })

export default function Secrets() {
  const list = useListState()
  const may = useMay()
  const q = list.get('q')
  const [edit, setEdit] = useState<Secret | 'new' | null>(null)
  const query = useQuery({ queryKey: [...key, q, list.page], placeholderData: keepPreviousData, queryFn: () => must(api.GET('/v1/admin/secrets', { params: { query: { limit: PAGE, offset: list.offset, ...(q && { q }) } } })) })
  const add = may('secrets:write') && <Button kind="primary" onClick={() => setEdit('new')}><Plus aria-hidden="true" />Add Secret</Button>
  return (
    <Page title="Secrets" about="Keys and passwords that tools may ask for by name. A tool gets only those it declares." action={add}>
      <Table label="Secrets" query={query} list={list} id={(s) => s.id ?? ''} tools={<SearchBox list={list} label="Search secrets" />}
        empty={<Empty icon={<Lock />} title="There is no secret yet" command={'curl -X PUT "$ARCADE_BASE_URL/v1/admin/secrets/WEATHER_API_KEY" \\\n  -H "Authorization: $ARCADE_API_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d \'{"value": "…"}\''}>When a tool declares a secret, put its value here. It is sealed and never shown again. By the API:</Empty>}
        columns={[
          { head: 'Key', className: 'main', cell: (s) => <code className="strong">{s.key}</code> },
          { head: 'Description', cell: (s) => s.description || <span className="none">None</span> },
          { head: 'Hint', cell: (s) => <code>{s.hint}</code> },
          { head: 'Last accessed', cell: (s) => <Time at={s.last_accessed_at} /> },
          { head: 'Changed', cell: (s) => <Time at={s.updated_at} /> },
          { head: 'Actions', cell: (s) => may('secrets:write') && <span className="actions"><Button kind="ghost" aria-label={`Edit ${s.key}`} onClick={() => setEdit(s)}>Edit</Button><Remove s={s} /></span> },
        ]} />
      {edit && <Edit key={edit === 'new' ? '' : edit.key} secret={edit} close={() => setEdit(null)} />}
    </Page>
  )
}
function Remove({ s }: { s: Secret }) {
  const cache = useQueryClient()
  const run = async (match: Record<string, string>) => { await must(api.DELETE('/v1/admin/secrets/{secret_key}', { params: { path: { secret_key: s.key ?? '' } }, headers: match })); void cache.invalidateQueries({ queryKey: key }); say(`${s.key} is deleted`) }
  return <Confirm trigger={<Button kind="ghost" aria-label={`Delete ${s.key}`}>Delete</Button>} title={`Delete ${s.key}?`} action="Delete" run={run} seen={seen(s)} again={async () => seen(await read(s.key ?? ''))} about={<p>Tools that need it are refused until it is set again.</p>} />
}
function Edit({ secret, close }: { secret: Secret | 'new'; close: () => void }) {
  const cache = useQueryClient()
  const old = secret === 'new' ? null : secret
  const form = useForm({ resolver: zodResolver(schema(old !== null)), defaultValues: { secret_key: old?.key ?? '', value: '', description: old?.description ?? '' } })
  const { send, busy, note } = useSending(form)
  const [etag, setEtag] = useState(old ? etagOf(old) : '')
  const [conflict, setConflict] = useState<{ why: string; theirs: Secret } | null>(null)
  const save = (match: Record<string, string>) => form.handleSubmit((f) => send(async () => {
    try {
      await must(api.PUT('/v1/admin/secrets/{secret_key}', { params: { path: { secret_key: f.secret_key } }, headers: match, body: { description: f.description, ...(f.value && { value: f.value }) } }))
    } catch (e) {
      if (!(e instanceof Problem) || e.status !== 412) throw e
      if (!old) { form.setError('secret_key', { message: 'There is a secret of this name already. Edit that one.' }, { shouldFocus: true }); return }
      setConflict({ why: e.message, theirs: await read(f.secret_key) })
      return
    }
    void cache.invalidateQueries({ queryKey: key }); say(`${f.secret_key} is saved`); close()
  }))()
  return (
    <Dialog open onOpenChange={close} title={old ? `Edit ${old.key}` : 'Add Secret'}>
      {conflict && <Conflict why={conflict.why} mine={{ Description: form.getValues('description'), Value: form.getValues('value') ? 'a new value' : '' }} theirs={{ Description: conflict.theirs.description ?? '', Value: '' }}
        takeTheirs={() => { form.reset({ secret_key: old?.key ?? '', value: '', description: conflict.theirs.description ?? '' }); setEtag(etagOf(conflict.theirs)); setConflict(null) }}
        keepMine={() => { const over = etagOf(conflict.theirs); setEtag(over); setConflict(null); void save(ifMatch(over)) }} />}
      <form onSubmit={(e) => { e.preventDefault(); void save(old ? ifMatch(etag) : { 'If-None-Match': '*' }) }} noValidate className="fields">
        {note}
        <Field label="Secret ID" hint="The name under which tools ask for it." readOnly={old !== null} autoFocus={!old} error={message(form, 'secret_key')} {...form.register('secret_key')} />
        <SecretField label="Value" placeholder={old ? `A value is set (${old.hint})` : ''} hint={old ? 'Leave empty to keep the one that is set.' : 'Sealed when it is saved, and never shown again.'} autoFocus={old !== null} error={message(form, 'value')} {...form.register('value')} />
        <Field label="Description" optional error={message(form, 'description')} {...form.register('description')} />
        <div className="actions"><Button onClick={close}>Cancel</Button><Button kind="primary" type="submit" busy={busy}>{old ? 'Save' : 'Create'}</Button></div>
      </form>
    </Dialog>
  )
}
