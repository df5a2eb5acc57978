// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useForm } from 'react-hook-form'
import { api, must } from '../api/client'
import { message, useSending } from '../lib/form'
import { useSession } from '../lib/session'
import { Button } from '../ui/button'
import { CopyField, Field } from '../ui/field'
import { Badge, Card, Code, Loading, Note, Wrong } from '../ui/page'
import { Qr } from '../ui/qr'
import { say } from '../ui/toast'

export function TwoFactor() {
  const { account } = useSession()
  const q = useQuery({ queryKey: ['totp'], queryFn: () => must(api.GET('/tb/v1/totp')) })
  const [start, setStart] = useState<{ secret: string; otpauth_url: string } | null>(null)
  const [codes, setCodes] = useState<string[] | null>(null)
  const shown = useRef<HTMLDivElement>(null)
  useEffect(() => { if (codes) shown.current?.focus() }, [codes])
  const done = (c: string[] | null) => { setStart(null); setCodes(c); void q.refetch() }
  if (!q.data) return <Card title="Second factor">{q.error ? <Wrong error={q.error} retry={() => { void q.refetch() }} /> : <Loading rows={1} />}</Card>
  return (
    <Card title="Second factor" about="A code from an authenticator app besides the password." action={q.data.enabled ? <Badge tone="good">On</Badge> : <Badge>Off</Badge>}>
      <div className="stack">
        {codes && <div className="stack" ref={shown} tabIndex={-1} role="group" aria-label="Recovery codes"><Note tone="warn">Keep these recovery codes. Each works once, and they are shown this once.</Note><Code text={codes.join('\n')} what="recovery codes" /></div>}
        {start ? <Finish start={start} done={done} stop={() => setStart(null)} /> : q.data.enabled ? <On left={q.data.recovery_codes_left} done={done} /> : !account.has_password ? <p className="hint">It stands beside a password, and you have none here: the issuer that you sign in with asks for a second factor of its own.</p> : <Begin done={(s) => { setCodes(null); setStart(s) }} />}
      </div>
    </Card>
  )
}
function Begin({ done }: { done: (s: { secret: string; otpauth_url: string }) => void }) {
  const form = useForm({ defaultValues: { password: '' } })
  const { send, busy, note } = useSending(form)
  return (
    <form noValidate className="fields" onSubmit={form.handleSubmit((f) => send(async () => { done(await must(api.POST('/tb/v1/totp', { body: f }))) }))}>
      {note}
      <Field label="Password" type="password" autoComplete="current-password" hint="To switch the second factor on." error={message(form, 'password')} {...form.register('password')} />
      <div className="actions"><Button type="submit" busy={busy}>Set up</Button></div>
    </form>
  )
}
function Finish({ start, done, stop }: { start: { secret: string; otpauth_url: string }; done: (codes: string[]) => void; stop: () => void }) {
  const form = useForm({ defaultValues: { code: '' } })
  const { send, busy, note } = useSending(form)
  return (
    <form noValidate className="fields" onSubmit={form.handleSubmit((f) => send(async () => { done((await must(api.PUT('/tb/v1/totp', { body: f }))).recovery_codes) }))}>
      {note}
      <div className="scan">
        <Qr text={start.otpauth_url} label="QR code for the authenticator app" />
        <p>Scan this with your authenticator app. On the phone itself, <a href={start.otpauth_url}>open it in the app</a>. It is good for ten minutes.</p>
      </div>
      <CopyField label="Key" value={start.secret} hint="The same, to be typed." />
      <Field label="Code" inputMode="numeric" autoComplete="one-time-code" hint="The six digits that the app shows now." error={message(form, 'code')} {...form.register('code')} />
      <div className="actions"><Button onClick={stop}>Cancel</Button><Button kind="primary" type="submit" busy={busy}>Switch on</Button></div>
    </form>
  )
}
/** It is on: new recovery codes, or off, each for a code. */
function On({ left, done }: { left: number; done: (codes: string[] | null) => void }) {
  const form = useForm({ defaultValues: { code: '' } })
  const { send, busy, note } = useSending(form)
  const renew = form.handleSubmit((f) => send(async () => { done((await must(api.POST('/tb/v1/totp/recovery_codes', { body: f }))).recovery_codes); form.reset() }))
  const off = form.handleSubmit((f) => send(async () => { await must(api.DELETE('/tb/v1/totp', { body: f })); done(null); form.reset(); say('The second factor is off') }))
  return (
    <form noValidate className="fields" onSubmit={(e) => { void renew(e) }}>
      {note}<p className={left < 3 ? undefined : 'hint'}>{left} recovery codes are left.{left < 3 && ' Make new ones before they run out.'}</p>
      <Field label="Code" inputMode="numeric" autoComplete="one-time-code" hint="From the app, or a recovery code." error={message(form, 'code')} {...form.register('code')} />
      <div className="actions"><Button type="submit" busy={busy}>New recovery codes</Button><Button kind="ghost" disabled={busy} onClick={() => { void off() }}>Switch off</Button></div>
    </form>
  )
}
