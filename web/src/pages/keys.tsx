// SPDX-License-Identifier: Apache-2.0
import { zodResolver } from '@hookform/resolvers/zod'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { KeyRound, Plus } from 'lucide-react'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { z } from 'zod/mini'
import { api, must, type Schemas } from '../api/client'
import { message, useSending } from '../lib/form'
import { useMay } from '../lib/session'
import { Button } from '../ui/button'
import { Confirm, Dialog } from '../ui/dialog'
import { CopyField, Field, Select } from '../ui/field'
import { Badge, Code, Empty, Note, Page, Time } from '../ui/page'
import { PAGE, SearchBox, Table, useListState } from '../ui/table'
import { say } from '../ui/toast'

type Key = Schemas['ApiKey']
const key = ['api_keys']
const schema = z.object({ name: z.string().check(z.trim(), z.minLength(1, 'Give the key a name, such as the app that will use it.'), z.maxLength(256, 'At most 256 characters.')), days: z.string() })

export default function Keys() {
  const list = useListState()
  const may = useMay()
  const q = list.get('q')
  const [open, setOpen] = useState(false)
  const query = useQuery({ queryKey: [...key, q, list.page], placeholderData: keepPreviousData, queryFn: () => must(api.GET('/tb/v1/api_keys', { params: { query: { limit: PAGE, offset: list.offset, ...(q && { q }) } } })) })
  const add = may('keys:write') && <Button kind="primary" onClick={() => setOpen(true)}><Plus aria-hidden="true" />Create API Key</Button>
  return (
    <Page title="API Keys" about="What your apps show to the engine. A key can ask for every user’s token in this project: keep it on servers." action={add}>
      <Table label="API keys" query={query} list={list} id={(k) => k.id} tools={<SearchBox list={list} label="Search names" />}
        empty={<Empty icon={<KeyRound />} title="There is no API key" command="tokenbooth key create my-app">Your app needs one to ask for tokens and run tools. By command:</Empty>}
        columns={[
          { head: 'Name', className: 'main', cell: (k) => <b>{k.name}</b> },
          { head: 'Key', cell: (k) => <code>{k.hint}</code> },
          { head: 'State', cell: (k) => <State k={k} /> },
          { head: 'Last used', cell: (k) => <Time at={k.last_used_at} /> },
          { head: 'Created', cell: (k) => <Time at={k.created_at} /> },
          { head: 'Actions', cell: (k) => may('keys:write') && !k.revoked_at && <Revoke k={k} /> },
        ]} />
      <Create open={open} close={() => setOpen(false)} />
    </Page>
  )
}
function State({ k }: { k: Key }) {
  if (k.revoked_at) return <Badge>Revoked</Badge>
  if (k.expires_at && Date.parse(k.expires_at) < Date.now()) return <Badge tone="bad">Expired</Badge>
  return <span className="pairline"><Badge tone="good">Active</Badge>{k.expires_at && <small>ends <Time at={k.expires_at} /></small>}</span>
}
function Revoke({ k }: { k: Key }) {
  const cache = useQueryClient()
  const run = async () => { await must(api.DELETE('/tb/v1/api_keys/{id}', { params: { path: { id: k.id } } })); void cache.invalidateQueries({ queryKey: key }); say(`${k.name} is revoked`) }
  return <Confirm trigger={<Button kind="ghost" aria-label={`Revoke ${k.name}`}>Revoke</Button>} title={`Revoke ${k.name}?`} action="Revoke" run={run} about={<p>Whatever uses this key is refused from now on. A revoked key cannot be brought back.</p>} />
}

function Create({ open, close }: { open: boolean; close: () => void }) {
  const cache = useQueryClient()
  const form = useForm({ resolver: zodResolver(schema), defaultValues: { name: '', days: '' } })
  const { send, busy, note } = useSending(form)
  const [made, setMade] = useState<{ key: string; name: string } | null>(null)
  const leave = () => { close(); setMade(null); form.reset() }
  const create = form.handleSubmit((f) => send(async () => {
    const expires_at = f.days ? new Date(Date.now() + Number(f.days) * 86400_000).toISOString() : null
    setMade(await must(api.POST('/tb/v1/api_keys', { body: { name: f.name, ...(expires_at && { expires_at }) } })))
    void cache.invalidateQueries({ queryKey: key })
  }))
  if (made) {
    return (
      <Dialog open={open} onOpenChange={leave} title={`${made.name} is ready`}>
        <Note tone="warn">Copy the key now. It is shown this once; afterwards nobody can read it here.</Note>
        <CopyField label="API key" value={made.key} />
        <Code text={`export ARCADE_BASE_URL=${location.origin}\nexport ARCADE_API_KEY=${made.key}`} what="environment" />
        <div className="actions"><Button kind="primary" onClick={leave}>I have copied it</Button></div>
      </Dialog>
    )
  }
  return (
    <Dialog open={open} onOpenChange={(o) => { if (!o) leave() }} title="Create API Key">
      <form onSubmit={create} noValidate className="fields">
        {note}
        <Field label="Name" autoFocus error={message(form, 'name')} {...form.register('name')} />
        <Select label="Expires" {...form.register('days')}><option value="">Never</option>{[7, 30, 90, 365].map((d) => <option key={d} value={d}>In {d} days</option>)}</Select>
        <div className="actions"><Button onClick={leave}>Cancel</Button><Button kind="primary" type="submit" busy={busy}>Create</Button></div>
      </form>
    </Dialog>
  )
}
