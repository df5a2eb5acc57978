// SPDX-License-Identifier: Apache-2.0
import type { ButtonHTMLAttributes, ReactNode } from 'react'
import { Link } from 'react-router'
import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { say } from './toast'

type Kind = 'primary' | 'plain' | 'danger' | 'ghost'
export function Button({ kind = 'plain', busy, children, ...rest }: ButtonHTMLAttributes<HTMLButtonElement> & { kind?: Kind; busy?: boolean }) {
  return (
    <button type="button" {...rest} className={`button ${kind} ${rest.className ?? ''}`} aria-busy={busy || undefined} disabled={rest.disabled || busy}>
      {busy && <span className="spin" aria-hidden="true" />}
      {children}
    </button>
  )
}
export function ButtonLink({ kind = 'plain', to, children }: { kind?: Kind; to: string; children: ReactNode }) {
  return <Link className={`button ${kind}`} to={to}>{children}</Link>
}

/** Copies a text; says so to the eye and to a screen reader. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [done, setDone] = useState(false)
  useEffect(() => {
    if (!done) return
    const t = setTimeout(() => setDone(false), 2000)
    return () => clearTimeout(t)
  }, [done])
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setDone(true); say(`${what} copied`)
    } catch {
      say(`The browser does not let this page copy. Select the ${what} and copy it by hand.`, 'bad')
    }
  }
  return (
    <button type="button" className="button ghost copy" onClick={copy}>
      {done ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
      <span>{done ? 'Copied' : 'Copy'}<span className="visually-hidden"> {what}</span></span>
    </button>
  )
}
