// SPDX-License-Identifier: Apache-2.0
import { zodResolver } from '@hookform/resolvers/zod'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState, type ChangeEvent } from 'react'
import { useForm } from 'react-hook-form'
import { z } from 'zod/mini'
import { api, must, Problem, scope } from '../api/client'
import { message, useSending } from '../lib/form'
import { useMay, useSession } from '../lib/session'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { Field } from '../ui/field'
import { Badge, Card, Facts, Loading, Note, Page, Time, Wrong } from '../ui/page'
import { ProjectSign } from '../ui/shell'
import { say } from '../ui/toast'

const schema = z.object({ name: z.string().check(z.trim(), z.minLength(1, 'Give the project a name.'), z.maxLength(100, 'At most 100 characters.')) })
const read = () => must(api.GET('/tb/v1/projects/current'))

export default function Projects() {
  const s = useSession()
  const [open, setOpen] = useState(false)
  const go = (id: string) => { scope.set(id); location.assign('/dashboard') }
  return (
    <Page title="Projects" about="Each project has its own apps, users, keys, tools and members; nothing is shared between them."
      action={s.may_create_projects && <Button kind="primary" onClick={() => setOpen(true)}><Plus aria-hidden="true" />Create Project</Button>}>
      <div className="stack">
        <Card flush><ul className="plainlist padded">{s.projects.map((p) => (
          <li key={p.id}><span className="rowlink"><ProjectSign p={p} /><span><b>{p.name}</b><small>{p.id}</small></span></span><Badge>{p.role}</Badge>
            {p.id === s.project_id ? <Badge tone="good">Open</Badge> : <Button aria-label={`Switch to ${p.name}`} onClick={() => go(p.id)}>Switch</Button>}</li>
        ))}</ul></Card>
        <Current />
      </div>
      <Create open={open} close={() => setOpen(false)} go={go} />
    </Page>
  )
}
function Current() {
  const may = useMay()
  const q = useQuery({ queryKey: ['project'], queryFn: read })
  if (!q.data) return q.error ? <Wrong error={q.error} /> : <Loading rows={2} />
  const p = q.data
  return (
    <Card title="This project" about="Its name and sign stand on the pages that your users see.">
      {may('projects:write') ? <Rename p={p} /> : <Facts rows={[['Name', p.name], ['Made', <Time at={p.created_at} />]]} />}
    </Card>
  )
}
function Rename({ p }: { p: Awaited<ReturnType<typeof read>> }) {
  const cache = useQueryClient()
  const form = useForm({ resolver: zodResolver(schema), values: { name: p.name }, resetOptions: { keepDirtyValues: true } })
  const { send, busy, note } = useSending(form)
  const [wrong, setWrong] = useState('')
  const patch = async (body: { name?: string; logo?: string | null }) => {
    const saved = await must(api.PATCH('/tb/v1/projects/current', { headers: p.etag ? { 'If-Match': p.etag } : {}, body }))
    cache.setQueryData(['project'], saved)
    void cache.invalidateQueries({ queryKey: ['session'] })
    say('Saved')
  }
  const told = async (work: () => Promise<unknown>) => {
    setWrong('')
    try { await work() } catch (e) {
      if (e instanceof Problem && e.status === 412) void cache.invalidateQueries({ queryKey: ['project'] })
      setWrong((e as Error).message)
    }
  }
  const logo = (e: ChangeEvent<HTMLInputElement>) => {
    const file = e.target.files?.[0]
    e.target.value = ''
    if (!file) return
    if (file.size > 65536) { setWrong('The picture is larger than 64 KiB. Make it smaller, for instance 128 by 128 pixels.'); return }
    const reader = new FileReader()
    reader.onload = () => { void told(() => patch({ logo: String(reader.result) })) }
    reader.readAsDataURL(file)
  }
  return (
    <form noValidate className="fields" onSubmit={form.handleSubmit((f) => send(async () => { await patch({ name: f.name }); form.reset(f) }))}>
      {note}{wrong && <Note tone="bad">{wrong}</Note>}
      <Field label="Name" error={message(form, 'name')} {...form.register('name')} />
      <div className="field"><label htmlFor="logo">Sign</label>
        <div className="actions"><ProjectSign p={p} /><input id="logo" type="file" accept="image/png,image/jpeg,image/webp" onChange={logo} />{p.logo_url && <Button kind="ghost" onClick={() => { void told(() => patch({ logo: null })) }}>Remove the sign</Button>}</div>
        <p className="hint">PNG, JPEG or WebP, at most 64 KiB.</p></div>
      <div className="actions"><Button kind="primary" type="submit" busy={busy} disabled={!form.formState.isDirty}>Save</Button></div>
    </form>
  )
}
function Create({ open, close, go }: { open: boolean; close: () => void; go: (id: string) => void }) {
  const form = useForm({ resolver: zodResolver(schema), defaultValues: { name: '' } })
  const { send, busy, note } = useSending(form)
  return (
    <Dialog open={open} onOpenChange={close} title="Create Project">
      <form noValidate className="fields" onSubmit={form.handleSubmit((f) => send(async () => { go((await must(api.POST('/tb/v1/projects', { body: f }))).id) }))}>
        {note}
        <Field label="Name" autoFocus error={message(form, 'name')} {...form.register('name')} />
        <div className="actions"><Button onClick={close}>Cancel</Button><Button kind="primary" type="submit" busy={busy}>Create</Button></div>
      </form>
    </Dialog>
  )
}
