// SPDX-License-Identifier: Apache-2.0
import { AlertDialog, Dialog as Radix } from 'radix-ui'
import { X } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { changedBy, Versions } from '../lib/form'
import { useGuard, type Clash, type Guard, type Seen } from '../lib/guard'
import { Button } from './button'
import { Note } from './page'

type Frame = { open: boolean; onOpenChange: (open: boolean) => void; title: string; about?: ReactNode; children: ReactNode }
export function Dialog({ open, onOpenChange, title, about, children }: Frame) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="overlay" />
        <Radix.Content className="dialog" {...(about ? {} : { 'aria-describedby': undefined })}>
          <Radix.Title>{title}</Radix.Title>
          {about && <Radix.Description className="about">{about}</Radix.Description>}
          {children}
          <Radix.Close className="button ghost icon close" aria-label="Close"><X aria-hidden="true" /></Radix.Close>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

type Ask = { trigger: ReactNode; title: string; about: ReactNode; action: string; run: (match: Record<string, string>) => Promise<unknown>; seen?: Seen; again?: () => Promise<Seen>; waiting?: string }
/** Asks before something that cannot be taken back; stays open, with the reason, when it did not work, and asks once more when the
 * thing is not any more what it was when the page showed it (`seen`, `again`: lib/guard).  `waiting`: what takes long; it goes on
 * when the question is closed. */
export function Confirm({ trigger, title, about, action, run, seen, again, waiting }: Ask) {
  const [open, setOpen] = useState(false)
  const [busy, setBusy] = useState(false)
  const [wrong, setWrong] = useState('')
  const guard = useGuard(seen, again)
  const go = async () => {
    setBusy(true); setWrong('')
    try { if (await (guard.clash ? guard.anyway() : guard.run(run))) setOpen(false) } catch (e) { setWrong((e as Error).message) } finally { setBusy(false) }
  }
  return (
    <AlertDialog.Root open={open} onOpenChange={(o) => { setOpen(o); setWrong(''); guard.forget() }}>
      <AlertDialog.Trigger asChild>{trigger}</AlertDialog.Trigger>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="overlay" />
        <AlertDialog.Content className="dialog small">
          <AlertDialog.Title>{title}</AlertDialog.Title>
          <AlertDialog.Description className="about" asChild><div>{about}</div></AlertDialog.Description>
          {guard.clash && <Changed clash={guard.clash} />}
          {wrong && <Note tone="bad">{wrong}</Note>}
          <div aria-live="polite">{busy && waiting && <p className="hint">{waiting}</p>}</div>
          <div className="actions">
            <AlertDialog.Cancel asChild><Button>{busy && waiting ? 'Close' : 'Cancel'}</Button></AlertDialog.Cancel>
            <Button kind="danger" busy={busy} onClick={go}>{guard.clash ? `${action} anyway` : action}</Button>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
function Changed({ clash }: { clash: Clash }) {
  return (
    <div className="conflict" role="alert" aria-label="Changed by somebody else">
      <p>{changedBy(clash.why)} Nothing has been done yet.</p>
      <Versions a={clash.was} b={clash.now.words} heads={['When you looked', 'Now']} />
    </div>
  )
}
/** The same question for what is done with one click and without a question. */
export function Clashed({ guard, action, left, failed }: { guard: Guard; action: string; left: () => void; failed: (e: Error) => void }) {
  const stop = () => { guard.forget(); left() }
  if (!guard.clash) return null
  return (
    <AlertDialog.Root open onOpenChange={(o) => { if (!o) stop() }}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="overlay" />
        <AlertDialog.Content className="dialog small" aria-describedby={undefined}>
          <AlertDialog.Title>This was changed while you looked at it</AlertDialog.Title>
          <Changed clash={guard.clash} />
          <div className="actions">
            <AlertDialog.Cancel asChild><Button>Leave it as it is now</Button></AlertDialog.Cancel>
            <Button kind="primary" onClick={() => { guard.anyway().catch((e: Error) => { guard.forget(); failed(e) }) }}>{action} anyway</Button>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
