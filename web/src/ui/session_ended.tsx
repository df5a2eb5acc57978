// SPDX-License-Identifier: Apache-2.0
// The session is over: signing in again happens above the page, so that nothing typed below it is lost.
import { useEffect, useState, type FormEvent } from 'react'
import { api, must, Problem } from '../api/client'
import { sentence } from '../lib/form'
import { readSession, useSession } from '../lib/session'
import { Button } from './button'
import { Dialog } from './dialog'
import { Field } from './field'
import { Note } from './page'

export function SessionEnded({ again }: { again: () => void }) {
  const { email, account_id, account } = useSession()
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [second, setSecond] = useState(false)
  const [wrong, setWrong] = useState('')
  const [denied, setDenied] = useState('') // of the password, or of the code when one is asked for
  const [busy, setBusy] = useState(false)
  useEffect(() => { if (denied) document.querySelector<HTMLElement>('[role="dialog"] [aria-invalid]')?.focus() }, [denied])
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    setBusy(true); setWrong(''); setDenied('')
    try {
      await must(api.POST('/tb/v1/sessions', { body: { email, password, ...(code ? { code } : {}) } }))
      if ((await readSession()).account_id !== account_id) location.reload()
      again()
    } catch (err) {
      if (err instanceof Problem && err.code === 'second_factor_required') setSecond(true)
      else if (err instanceof Problem && err.status === 401) setDenied(sentence(err.message))
      else setWrong((err as Error).message)
    } finally { setBusy(false) }
  }
  const back = async () => {
    setBusy(true); setWrong('')
    try {
      if ((await readSession()).account_id !== account_id) location.reload()
      again()
    } catch (err) { setWrong((err as Error).message) } finally { setBusy(false) }
  }
  const here = `/sign-in?return=${encodeURIComponent(location.pathname + location.search)}`
  if (!account.has_password) { // of an issuer's: its page is another, and what is typed here cannot wait for it
    return (
      <Dialog open onOpenChange={() => {}} title="Your session has ended" about="Sign in again, in this tab or in another: what you typed here is kept as long as this page stays open.">
        <div className="actions">
          <a className="button plain" href={here} target="_blank" rel="noreferrer">Sign in in another tab</a>
          <Button busy={busy} onClick={() => { void back() }}>I have signed in</Button>
          <a className="button primary" href={here}>Sign in</a>
        </div>
        {wrong && <Note tone="bad">{wrong}</Note>}
      </Dialog>
    )
  }
  return (
    <Dialog open onOpenChange={() => {}} title="Your session has ended" about="Sign in again to go on where you were. Everything you typed on this page is still there.">
      <form noValidate onSubmit={(e) => { void submit(e) }} className="fields">
        {wrong && <Note tone="bad">{wrong}</Note>}
        <Field label="Email" value={email} readOnly autoComplete="username" />
        <Field label="Password" type="password" autoComplete="current-password" value={password} error={second ? undefined : denied || undefined} onChange={(e) => setPassword(e.target.value)} autoFocus required />
        {second && <Field label="Code" hint="From your authenticator app, or a recovery code." autoComplete="one-time-code" value={code} error={denied || undefined} onChange={(e) => setCode(e.target.value)} autoFocus required />}
        <div className="actions">
          <a className="button plain" href={here}>Another way to sign in</a>
          <Button kind="primary" type="submit" busy={busy}>Sign in</Button>
        </div>
      </form>
    </Dialog>
  )
}
