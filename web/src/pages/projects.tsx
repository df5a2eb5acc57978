// SPDX-License-Identifier: Apache-2.0
import { zodResolver } from '@hookform/resolvers/zod'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useEffect, useId, useState, type ChangeEvent } from 'react'
import { useForm, type UseFormReturn } from 'react-hook-form'
import { z } from 'zod/mini'
import { api, ifMatch, must, Problem, scope, type Schemas } from '../api/client'
import { Conflict, message, sentence, useSending } from '../lib/form'
import { useGuard } from '../lib/guard'
import { administers, useMay, useSession } from '../lib/session'
import { Button } from '../ui/button'
import { Clashed, Dialog } from '../ui/dialog'
import { Field } from '../ui/field'
import { Badge, Card, Facts, Loading, Page, Time, Wrong } from '../ui/page'
import { ProjectSign } from '../ui/shell'
import { say } from '../ui/toast'

type Project = Schemas['Project']
const plain = '#2f5bea' // what a project without a colour of its own has on the engine's pages
const schema = z.object({ name: z.string().check(z.trim(), z.minLength(1, 'Give the project a name.'), z.maxLength(100, 'At most 100 characters.')), color: z.string() })
type Form = z.infer<typeof schema>
const toForm = (p: Project): Form => ({ name: p.name, color: p.color ?? '' })
const inWords = (f: Form) => ({ Name: f.name, Colour: f.color })
const seen = (p: Project) => ({ etag: p.etag, words: { ...inWords(toForm(p)), Picture: p.logo_url ? `the one of ${p.logo_url.replace(/^.*v=/, 'version ')}` : '' } })
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
            {p.id === s.project_id ? <Badge tone="good">Open</Badge> : administers(p.role) && <Button aria-label={`Switch to ${p.name}`} onClick={() => go(p.id)}>Switch</Button>}</li>
        ))}</ul></Card>
        <Current />
      </div>
      <Create open={open} close={() => setOpen(false)} go={go} />
    </Page>
  )
}
function Current() {
  const may = useMay()
  const q = useQuery({ queryKey: ['project'], queryFn: read, refetchOnWindowFocus: false })
  if (!q.data) return q.error ? <Wrong error={q.error} /> : <Loading rows={2} />
  const p = q.data
  return (
    <Card title="This project" about="Its name and sign stand on the pages that your users see.">
      {may('projects:write') ? <Edit p={p} /> : <Facts rows={[['Name', p.name], ['Made', <Time at={p.created_at} />]]} />}
    </Card>
  )
}
function Edit({ p }: { p: Project }) {
  const cache = useQueryClient()
  const form = useForm<Form>({ resolver: zodResolver(schema), defaultValues: toForm(p) })
  const { send, busy, note } = useSending(form)
  const [etag, setEtag] = useState(p.etag)
  const [conflict, setConflict] = useState<{ why: string; theirs: Project } | null>(null)
  useEffect(() => { if (!form.formState.isDirty) { form.reset(toForm(p)); setEtag(p.etag) } }, [p])
  const saved = (now: Project) => {
    cache.setQueryData(['project'], now)
    void cache.invalidateQueries({ queryKey: ['session'] })
  }
  const save = (over: string) => form.handleSubmit((f) => send(async () => {
    try {
      const now = await must(api.PATCH('/tb/v1/projects/current', { headers: ifMatch(over), body: { name: f.name, color: f.color || null } }))
      setConflict(null); form.reset(toForm(now)); setEtag(now.etag); saved(now); say('Saved')
    } catch (e) {
      if (!(e instanceof Problem) || e.status !== 412) throw e
      setConflict({ why: e.message, theirs: await read() })
    }
  }))()
  return (
    <form noValidate className="fields" onSubmit={(e) => { e.preventDefault(); void save(etag) }}>
      {conflict && <Conflict why={conflict.why} mine={inWords(form.getValues())} theirs={inWords(toForm(conflict.theirs))}
        keepMine={() => { setEtag(conflict.theirs.etag); void save(conflict.theirs.etag) }}
        takeTheirs={() => { form.reset(toForm(conflict.theirs)); setEtag(conflict.theirs.etag); saved(conflict.theirs); setConflict(null) }} />}
      {note}
      <Field label="Name" error={message(form, 'name')} {...form.register('name')} />
      <ColorField form={form} name={form.watch('name')} logo={p.logo_url} />
      {/* A picture is saved at once: its own answer tells the new version, which the rest of the form goes on from. */}
      <Picture p={p} done={(now) => { setEtag(now.etag); saved(now); say('Saved') }} />
      <div className="actions"><Button kind="primary" type="submit" busy={busy} disabled={!form.formState.isDirty}>Save</Button></div>
    </form>
  )
}
function ColorField({ form, name, logo }: { form: UseFormReturn<Form>; name: string; logo?: string | null | undefined }) {
  const id = useId()
  const color = form.watch('color')
  const error = message(form, 'color')
  return (
    <div className={`field${error ? ' wrong' : ''}`}>
      <label htmlFor={id}>Colour</label>
      <div className="actions">
        <ProjectSign p={{ name, color }} />
        <input id={id} type="color" value={color || plain} aria-describedby={`${id}-hint${error ? ` ${id}-error` : ''}`} aria-invalid={error ? true : undefined} onChange={(e) => form.setValue('color', e.target.value, { shouldDirty: true })} />
        {color && <Button kind="ghost" onClick={() => form.setValue('color', '', { shouldDirty: true })}>Remove the colour</Button>}
      </div>
      <p className="hint" id={`${id}-hint`}>{logo ? 'Shown where there is no picture.' : 'Of the sign with the first letter of the name.'}</p>
      {error && <p className="error" id={`${id}-error`} role="alert">{error}</p>}
    </div>
  )
}
function Picture({ p, done }: { p: Project; done: (now: Project) => void }) {
  const id = useId()
  const [wrong, setWrong] = useState('')
  const guard = useGuard(seen(p), async () => seen(await read()))
  const failed = (e: Error) => setWrong(sentence((e instanceof Problem ? e.fields[0]?.message : undefined) ?? e.message))
  const patch = (logo: string | null) => {
    setWrong('')
    guard.run(async (match) => { done(await must(api.PATCH('/tb/v1/projects/current', { headers: match, body: { logo } }))) }).catch(failed)
  }
  const choose = (e: ChangeEvent<HTMLInputElement>) => {
    const file = e.target.files?.[0]
    e.target.value = ''
    if (!file) return
    if (file.size > 65536) { setWrong('The picture is larger than 64 KiB. Make it smaller, for instance 128 by 128 pixels.'); return }
    const reader = new FileReader()
    reader.onload = () => patch(String(reader.result))
    reader.onerror = () => setWrong('The browser could not read this file.')
    reader.readAsDataURL(file)
  }
  return (
    <div className={`field${wrong ? ' wrong' : ''}`}>
      <Clashed guard={guard} action="Save" left={() => {}} failed={failed} />
      <label htmlFor={id}>Picture</label>
      <div className="actions">{p.logo_url && <ProjectSign p={p} />}<input id={id} type="file" accept="image/png,image/jpeg,image/webp" onChange={choose} aria-invalid={wrong ? true : undefined} aria-describedby={`${id}-hint ${id}-error`} />
        {p.logo_url && <Button kind="ghost" onClick={() => patch(null)}>Remove the picture</Button>}</div>
      <p className="hint" id={`${id}-hint`}>PNG, JPEG or WebP, at most 64 KiB. It is saved at once.</p>
      <p className="error" id={`${id}-error`} role="alert">{wrong}</p>
    </div>
  )
}
function Create({ open, close, go }: { open: boolean; close: () => void; go: (id: string) => void }) {
  const form = useForm<Form>({ resolver: zodResolver(schema), defaultValues: { name: '', color: '' } })
  const { send, busy, note } = useSending(form)
  return (
    <Dialog open={open} onOpenChange={close} title="Create Project">
      <form noValidate className="fields" onSubmit={form.handleSubmit((f) => send(async () => { go((await must(api.POST('/tb/v1/projects', { body: { name: f.name, ...(f.color && { color: f.color }) } }))).id) }))}>
        {note}
        <Field label="Name" autoFocus error={message(form, 'name')} {...form.register('name')} />
        <ColorField form={form} name={form.watch('name')} />
        <div className="actions"><Button onClick={close}>Cancel</Button><Button kind="primary" type="submit" busy={busy}>Create</Button></div>
      </form>
    </Dialog>
  )
}
