// SPDX-License-Identifier: Apache-2.0
import { zodResolver } from '@hookform/resolvers/zod'
import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Plus, UsersRound } from 'lucide-react'
import { useId, useState } from 'react'
import { useForm } from 'react-hook-form'
import { z } from 'zod/mini'
import { api, etagOf, must, Problem, type Schemas } from '../api/client'
import { message, sentence, useSending } from '../lib/form'
import { useGuard } from '../lib/guard'
import { useMay, useSession } from '../lib/session'
import { Button } from '../ui/button'
import { Clashed, Confirm, Dialog } from '../ui/dialog'
import { CopyField, Field, Select } from '../ui/field'
import { Letter } from '../ui/letter'
import { Badge, Card, Empty, Note, Page, Time } from '../ui/page'
import { PAGE, SearchBox, Table, useListState } from '../ui/table'
import { say } from '../ui/toast'

type Member = Schemas['Member']
type Role = Member['role']
export const roles: [Role, string][] = [['viewer', 'Viewer: sees apps, connections and settings'], ['member', 'Member: also sees timelines, logs, members and secrets’ names'], ['admin', 'Admin: changes everything in the project'], ['owner', 'Owner: also makes owners and projects']]
const rank = ['none', 'verify', 'viewer', 'member', 'admin', 'owner']
const key = ['members'], invited = ['invitations']
const seen = (m: Member) => ({ etag: etagOf(m), words: { Role: m.role } })
/** There is no address of one member to read: he is found by his email. */
async function read({ email, account_id }: Member) {
  const found = (await must(api.GET('/tb/v1/members', { params: { query: { q: email, limit: 100 } } }))).items.find((m) => m.account_id === account_id)
  if (!found) throw new Error(`${email} is no member any more: somebody took him out.`)
  return found
}

export default function Members() {
  const list = useListState()
  const may = useMay()
  const me = useSession()
  const q = list.get('q')
  const [open, setOpen] = useState(false)
  const query = useQuery({ queryKey: [...key, q, list.page], placeholderData: keepPreviousData, queryFn: () => must(api.GET('/tb/v1/members', { params: { query: { limit: PAGE, offset: list.offset, ...(q && { q }) } } })) })
  const add = may('members:write') && <Button kind="primary" onClick={() => setOpen(true)}><Plus aria-hidden="true" />Invite Member</Button>
  const mayChange = (m: Member) => may('members:write') && rank.indexOf(m.role) <= rank.indexOf(me.role)
  return (
    <Page title="Members" about="Who may sign in to this project, and what they may do. The same accounts serve the built-in user verification." action={add}>
      <div className="stack">
        <div><Table label="Members" query={query} list={list} id={(m) => m.account_id} tools={<SearchBox list={list} label="Search emails" />}
          empty={<Empty icon={<UsersRound />} title="Nobody is a member" command="tokenbooth user add ada@example.com --role admin">Invite people by email, or by command:</Empty>}
          columns={[
            { head: 'Member', className: 'main', cell: (m) => <span className="rowlink"><Letter name={m.email} /><span><b>{m.email}</b>{m.account_id === me.account_id && <small>You</small>}</span></span> },
            { head: 'Role', cell: (m) => mayChange(m) && m.account_id !== me.account_id ? <RoleSelect m={m} /> : <Badge>{m.role}</Badge> },
            { head: 'Last sign-in', cell: (m) => <Time at={m.last_sign_in_at} /> },
            { head: 'Since', cell: (m) => <Time at={m.created_at} /> },
            { head: 'Actions', cell: (m) => m.account_id === me.account_id ? <Leave /> : mayChange(m) && <Remove m={m} /> },
          ]} /></div>
        {may('members:read') && <Invitations />}
      </div>
      <Invite open={open} close={() => setOpen(false)} />
    </Page>
  )
}
function RoleSelect({ m }: { m: Member }) {
  const cache = useQueryClient()
  const me = useSession()
  const [busy, setBusy] = useState(false)
  const guard = useGuard(seen(m), async () => seen(await read(m)))
  const anew = () => { void cache.invalidateQueries({ queryKey: key }) }
  const [wrong, setWrong] = useState('')
  const id = useId()
  const refused = (e: Error) => { setWrong(sentence(e.message)); anew() }
  const change = async (role: Role) => {
    setBusy(true); setWrong('')
    try {
      await guard.run(async (match) => {
        await must(api.PUT('/tb/v1/members/{account_id}', { params: { path: { account_id: m.account_id } }, headers: match, body: { role } }))
        say(`${m.email} is now ${role}`); anew()
      })
    } catch (e) { refused(e as Error) } finally { setBusy(false) }
  }
  return (
    <><Clashed guard={guard} action="Change the role" left={anew} failed={refused} /><span className="select"><select aria-label={`Role of ${m.email}`} value={m.role} disabled={busy} aria-invalid={wrong ? true : undefined} aria-describedby={wrong ? id : undefined} onChange={(e) => { void change(e.target.value as Role) }}>
      {(['verify', ...roles.map(([r]) => r)] as Role[]).filter((r) => rank.indexOf(r) <= rank.indexOf(me.role)).map((r) => <option key={r} value={r}>{r === 'verify' ? 'verify only' : r}</option>)}
    </select></span>{wrong && <p className="error" id={id} role="alert">{wrong}</p>}</>
  )
}
function Remove({ m }: { m: Member }) {
  const cache = useQueryClient()
  const run = async (match: Record<string, string>) => { await must(api.DELETE('/tb/v1/members/{account_id}', { params: { path: { account_id: m.account_id } }, headers: match })); void cache.invalidateQueries({ queryKey: key }); say(`${m.email} is removed`) }
  return <Confirm trigger={<Button kind="ghost" aria-label={`Remove ${m.email}`}>Remove</Button>} title={`Remove ${m.email}?`} action="Remove" run={run} seen={seen(m)} again={async () => seen(await read(m))} about={<p>The account stays, but can do nothing in this project any more.</p>} />
}
function Leave() {
  const run = async () => { await must(api.POST('/tb/v1/members/leave')); location.assign('/dashboard') }
  return <Confirm trigger={<Button kind="ghost">Leave</Button>} title="Leave this project?" action="Leave" run={run} about={<p>You can come back only when somebody invites you again.</p>} />
}
function Invitations() {
  const may = useMay()
  const cache = useQueryClient()
  const query = useInfiniteQuery({
    queryKey: invited, initialPageParam: 0,
    queryFn: ({ pageParam }) => must(api.GET('/tb/v1/invitations', { params: { query: { limit: PAGE, offset: pageParam } } })),
    getNextPageParam: (page) => page.offset + page.page_count < page.total_count ? page.offset + page.page_count : undefined,
  })
  const open = query.data?.pages.flatMap((p) => p.items) ?? []
  if (open.length === 0) return null
  return (
    <Card title="Open invitations">
      <ul className="plainlist">{open.map((i) => (
        <li key={i.id}><span><b>{i.email}</b> <Badge>{i.role}</Badge></span><span className="soft">its link ends <Time at={i.expires_at} /></span>
          {may('members:write') && <Confirm trigger={<Button kind="ghost" aria-label={`Withdraw the invitation of ${i.email}`}>Withdraw</Button>} title={`Withdraw the invitation of ${i.email}?`} action="Withdraw" about={<p>Its link stops working.</p>}
            run={async () => { await must(api.DELETE('/tb/v1/invitations/{id}', { params: { path: { id: i.id } } })); void cache.invalidateQueries({ queryKey: invited }) }} />}</li>
      ))}</ul>
      {query.hasNextPage && <div className="actions more"><Button busy={query.isFetchingNextPage} onClick={() => { void query.fetchNextPage() }}>Load More</Button></div>}
    </Card>
  )
}
const schema = z.object({ email: z.string().check(z.trim(), z.regex(/^[^\s@]+@[^\s@]+$/, 'Enter an email address.')), role: z.string() })
/** The open invitation of an email, if it has one. */
async function openFor(email: string) {
  const found = await must(api.GET('/tb/v1/invitations', { params: { query: { q: email.toLowerCase(), limit: 100 } } }))
  return found.items.find((i) => i.email === email.toLowerCase())
}
function Invite({ open, close }: { open: boolean; close: () => void }) {
  const cache = useQueryClient()
  const me = useSession()
  const form = useForm({ resolver: zodResolver(schema), defaultValues: { email: '', role: 'member' } })
  const { send, busy, note } = useSending(form, 'email')
  const [made, setMade] = useState<Schemas['InvitationCreated'] | null>(null)
  const [earlier, setEarlier] = useState<Schemas['Invitation'] | null>(null) // it would be replaced: that is asked first
  const leave = () => { close(); setMade(null); setEarlier(null); form.reset() }
  const invite = (replace: boolean) => form.handleSubmit((f) => send(async () => {
    try {
      setMade(await must(api.POST('/tb/v1/invitations', { body: { email: f.email, role: f.role as Role, replace } })))
    } catch (e) {
      const there = e instanceof Problem && e.status === 409 && !replace ? await openFor(f.email) : undefined
      if (!there) throw e
      setEarlier(there)
    }
    void cache.invalidateQueries({ queryKey: invited })
  }))()
  if (made) {
    return (
      <Dialog open={open} onOpenChange={leave} title={`Invitation for ${made.email}`}>
        <Note tone="warn">Give this link to {made.email}. It is shown this once, works once, and for seven days.{made.replaced && ' The earlier link does not work any more.'}</Note>
        <CopyField label="Invitation link" value={made.url} />
        <div className="actions"><Button kind="primary" onClick={leave}>Done</Button></div>
      </Dialog>
    )
  }
  if (earlier) {
    return (
      <Dialog open={open} onOpenChange={leave} title={`${earlier.email} is invited already`}>
        <div className="fields">
          {note}
          <Note tone="warn">There is an open invitation as {earlier.role}, made <Time at={earlier.created_at} />; its link ends <Time at={earlier.expires_at} />. It cannot be shown again. A new link, as {form.getValues('role')}, replaces it: the earlier one then stops working.</Note>
          <div className="actions"><Button onClick={leave}>Keep the earlier link</Button><Button kind="primary" busy={busy} onClick={() => { void invite(true) }}>Make a new link</Button></div>
        </div>
      </Dialog>
    )
  }
  return (
    <Dialog open={open} onOpenChange={(o) => { if (!o) leave() }} title="Invite Member" about="You get a link to give to them; the engine sends no mail.">
      <form onSubmit={(e) => { e.preventDefault(); void invite(false) }} noValidate className="fields">
        {note}
        <Field label="Email" type="email" autoFocus error={message(form, 'email')} {...form.register('email')} />
        <Select label="Role" {...form.register('role')}>{roles.filter(([r]) => rank.indexOf(r) <= rank.indexOf(me.role)).map(([r, t]) => <option key={r} value={r}>{t}</option>)}</Select>
        <div className="actions"><Button onClick={leave}>Cancel</Button><Button kind="primary" type="submit" busy={busy}>Invite</Button></div>
      </form>
    </Dialog>
  )
}
