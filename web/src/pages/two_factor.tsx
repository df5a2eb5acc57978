// SPDX-License-Identifier: Apache-2.0
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { useForm } from 'react-hook-form'
import { api, must } from '../api/client'
import { message, useSending } from '../lib/form'
import { Button } from '../ui/button'
import { CopyField, Field } from '../ui/field'
import { Badge, Card, Code, Note } from '../ui/page'
import { say } from '../ui/toast'

export function TwoFactor() {
  const q = useQuery({ queryKey: ['totp'], queryFn: () => must(api.GET('/tb/v1/totp')) })
  const [start, setStart] = useState<{ secret: string; otpauth_url: string } | null>(null)
  const [codes, setCodes] = useState<string[] | null>(null)
  if (!q.data) return null
  return (
    <Card title="Second factor" about="A code from an authenticator app besides the password." action={q.data.enabled ? <Badge tone="good">On</Badge> : <Badge>Off</Badge>}>
      {codes && <><Note tone="warn">Keep these recovery codes. Each works once, and they are shown this once.</Note><Code text={codes.join('\n')} what="recovery codes" /></>}
      {start ? <Confirm2 start={start} done={(c) => { setStart(null); setCodes(c); void q.refetch() }} /> : q.data.enabled ? <SwitchOff left={q.data.recovery_codes_left} /> : <Begin done={setStart} />}
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
function Confirm2({ start, done }: { start: { secret: string; otpauth_url: string }; done: (codes: string[]) => void }) {
  const form = useForm({ defaultValues: { code: '' } })
  const { send, busy, note } = useSending(form)
  return (
    <form noValidate className="fields" onSubmit={form.handleSubmit((f) => send(async () => { done((await must(api.PUT('/tb/v1/totp', { body: f }))).recovery_codes) }))}>
      {note}
      <CopyField label="Key" value={start.secret} hint={<>Enter it in your authenticator app, or <a href={start.otpauth_url}>open it there</a>.</>} />
      <Field label="Code" inputMode="numeric" autoComplete="one-time-code" hint="The six digits that the app shows now." error={message(form, 'code')} {...form.register('code')} />
      <div className="actions"><Button kind="primary" type="submit" busy={busy}>Switch on</Button></div>
    </form>
  )
}
function SwitchOff({ left }: { left: number }) {
  const cache = useQueryClient()
  const form = useForm({ defaultValues: { code: '' } })
  const { send, busy, note } = useSending(form)
  const off = (e: FormEvent) => { void form.handleSubmit((f) => send(async () => { await must(api.DELETE('/tb/v1/totp', { body: f as never })); void cache.invalidateQueries({ queryKey: ['totp'] }); form.reset(); say('The second factor is off') }))(e) }
  return (
    <form noValidate className="fields" onSubmit={off}>
      {note}<p className="hint">{left} recovery codes are left.</p>
      <Field label="Code" inputMode="numeric" autoComplete="one-time-code" hint="From the app, or a recovery code, to switch it off." error={message(form, 'code')} {...form.register('code')} />
      <div className="actions"><Button type="submit" busy={busy}>Switch off</Button></div>
    </form>
  )
}
