// SPDX-License-Identifier: Apache-2.0
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { api, must } from '../api/client'
import { message, useSending } from '../lib/form'
import { useSession } from '../lib/session'
import { Button } from '../ui/button'
import { Field } from '../ui/field'
import { Card, Facts, Page, Time } from '../ui/page'
import { say } from '../ui/toast'
import { Identities } from './identities'
import { TwoFactor } from './two_factor'

export default function Account() {
  const s = useSession()
  const [busy, setBusy] = useState(false)
  const out = async () => { setBusy(true); await must(api.DELETE('/tb/v1/sessions')); location.assign('/sign-in?return=%2Fdashboard%2Faccount') }
  return (
    <Page title="Your account" about={s.email}>
      <div className="stack">
        <Card><Facts rows={[['Email', s.email], ['Role in this project', s.role], ['Session ends', <Time at={s.expires_at} />]]} /></Card>
        <Identities />
        <TwoFactor />
        <Password />
        <Card title="Sign out everywhere" about="Ends your sessions in every browser, this one too." action={<Button busy={busy} onClick={() => { void out().catch((e: Error) => { setBusy(false); say(e.message, 'bad') }) }}>Sign out everywhere</Button>}>{null}</Card>
      </div>
    </Page>
  )
}
function Password() {
  const s = useSession()
  const form = useForm({ defaultValues: { current_password: '', password: '' } })
  const { send, busy, note } = useSending(form)
  const save = form.handleSubmit((f) => send(async () => {
    if (f.password.length < 10) { form.setError('password', { message: 'At least 10 characters; a sentence is fine.' }, { shouldFocus: true }); return }
    await must(api.PUT('/tb/v1/password', { body: { password: f.password, ...(s.account.has_password && { current_password: f.current_password }) } }))
    location.assign('/sign-in?return=%2Fdashboard%2Faccount')
  }))
  return (
    <Card title="Password" about={s.account.has_password ? 'A new one ends all your sessions; you sign in again with it.' : 'You sign in with an issuer and have no password here. To have one too, set it within ten minutes of signing in.'}>
      <form noValidate className="fields" onSubmit={save}>
        {note}
        {s.account.has_password && <Field label="Current password" type="password" autoComplete="current-password" error={message(form, 'current_password')} {...form.register('current_password')} />}
        <Field label="New password" type="password" autoComplete="new-password" error={message(form, 'password')} {...form.register('password')} />
        <div className="actions"><Button type="submit" busy={busy}>{s.account.has_password ? 'Change password' : 'Set password'}</Button></div>
      </form>
    </Card>
  )
}
