// SPDX-License-Identifier: Apache-2.0
// Short messages at the edge, read out by screen readers; nothing that has to be acted on is only said here.
import { useSyncExternalStore } from 'react'

type Toast = { id: number; text: string; tone: 'good' | 'bad' }
let toasts: Toast[] = []
let last = 0
const listeners = new Set<() => void>()
function set(next: Toast[]) { toasts = next; for (const l of listeners) l() }

export function say(text: string, tone: Toast['tone'] = 'good') {
  const id = ++last
  set([...toasts.filter((t) => t.text !== text), { id, text, tone }])
  setTimeout(() => set(toasts.filter((t) => t.id !== id)), tone === 'good' ? 4000 : 9000)
}

export function Toasts() {
  const shown = useSyncExternalStore((l) => { listeners.add(l); return () => { listeners.delete(l) } }, () => toasts)
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map((t) => <p key={t.id} className={`toast ${t.tone}`}>{t.text}</p>)}
    </div>
  )
}
