// SPDX-License-Identifier: Apache-2.0
import { AlertDialog, Dialog as Radix } from 'radix-ui'
import { X } from 'lucide-react'
import { useState, type ReactNode } from 'react'
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

type Ask = { trigger: ReactNode; title: string; about: ReactNode; action: string; run: () => Promise<unknown> }
/** Asks before something that cannot be taken back; stays open, with the reason, when it did not work. */
export function Confirm({ trigger, title, about, action, run }: Ask) {
  const [open, setOpen] = useState(false)
  const [busy, setBusy] = useState(false)
  const [wrong, setWrong] = useState('')
  const go = async () => {
    setBusy(true); setWrong('')
    try { await run(); setOpen(false) } catch (e) { setWrong((e as Error).message) } finally { setBusy(false) }
  }
  return (
    <AlertDialog.Root open={open} onOpenChange={(o) => { setOpen(o); setWrong('') }}>
      <AlertDialog.Trigger asChild>{trigger}</AlertDialog.Trigger>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="overlay" />
        <AlertDialog.Content className="dialog small">
          <AlertDialog.Title>{title}</AlertDialog.Title>
          <AlertDialog.Description className="about" asChild><div>{about}</div></AlertDialog.Description>
          {wrong && <Note tone="bad">{wrong}</Note>}
          <div className="actions">
            <AlertDialog.Cancel asChild><Button>Cancel</Button></AlertDialog.Cancel>
            <Button kind="danger" busy={busy} onClick={go}>{action}</Button>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
