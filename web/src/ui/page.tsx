// SPDX-License-Identifier: Apache-2.0
import { AlertTriangle, ArrowLeft, CircleCheck, Info } from 'lucide-react'
import { useEffect, useRef, type ReactNode } from 'react'
import { Link } from 'react-router'
import { Problem, Unreachable } from '../api/client'
import { ago, full } from '../lib/time'
import { Button, CopyButton } from './button'

type Head = { title: string; about?: ReactNode; action?: ReactNode; back?: { to: string; label: string }; badge?: ReactNode }
/** The head of a page: its title is the document's, and gets the focus when one comes from another page. */
export function Page({ title, about, action, back, badge, children }: Head & { children: ReactNode }) {
  const h1 = useRef<HTMLHeadingElement>(null)
  useEffect(() => { document.title = `${title} · Tokenbooth` }, [title])
  useEffect(() => {
    if (document.activeElement === document.body || document.activeElement?.closest('nav')) h1.current?.focus({ preventScroll: true })
    window.scrollTo(0, 0)
  }, [])
  return (
    <>
      {back && <Link className="back" to={back.to}><ArrowLeft aria-hidden="true" />{back.label}</Link>}
      <header className="pagehead">
        <div>
          <h1 ref={h1} tabIndex={-1}>{title}{badge}</h1>
          {about && <p>{about}</p>}
        </div>
        {action && <div className="actions">{action}</div>}
      </header>
      {children}
    </>
  )
}
export function Card({ title, about, action, children, flush }: { title?: string; about?: ReactNode; action?: ReactNode; children: ReactNode; flush?: boolean }) {
  return (
    <section className={`card${flush ? ' flush' : ''}`}>
      {title && <header><div><h2>{title}</h2>{about && <p>{about}</p>}</div>{action}</header>}
      {children}
    </section>
  )
}
type Tone = 'good' | 'bad' | 'warn' | 'info' | 'none'
export function Badge({ tone = 'none', children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`badge ${tone}`}>{children}</span>
}
export function Note({ tone = 'info', children, action }: { tone?: Tone; children: ReactNode; action?: ReactNode }) {
  const Icon = tone === 'info' ? Info : tone === 'good' ? CircleCheck : AlertTriangle
  return (
    <div className={`note ${tone}`} role={tone === 'bad' ? 'alert' : undefined}>
      <Icon aria-hidden="true" /><div>{children}</div>{action}
    </div>
  )
}
export function Time({ at }: { at: string | null | undefined }) {
  return at ? <time dateTime={at} title={full(at)}>{ago(at)}</time> : <span className="none">Never</span>
}
/** A command or a piece of code, to be copied. */
export function Code({ text, what = 'command' }: { text: string; what?: string }) {
  return (
    <div className="code">
      <pre tabIndex={0} aria-label={what}><code>{text}</code></pre>
      <CopyButton text={text} what={what} />
    </div>
  )
}
export function Empty({ icon, title, children, action, command }: { icon: ReactNode; title: string; children: ReactNode; action?: ReactNode; command?: string }) {
  return (
    <div className="empty">
      <span className="emblem" aria-hidden="true">{icon}</span>
      <h2>{title}</h2>
      <p>{children}</p>
      {action}
      {command && <Code text={command} />}
    </div>
  )
}
export function Loading({ rows = 4 }: { rows?: number }) {
  return <div className="loading" role="status"><span className="visually-hidden">Loading</span>{Array.from({ length: rows }, (_, i) => <span key={i} aria-hidden="true" />)}</div>
}
/** Something that takes long is going on. */
export function Waiting({ children }: { children: ReactNode }) {
  return <span className="hint waiting"><span className="spin" aria-hidden="true" />{children}</span>
}
/** Why something could not be shown, and a way to ask again. */
export function Wrong({ error, retry }: { error: Error; retry?: () => void }) {
  if (error instanceof Unreachable) return <Note tone="bad">The engine cannot be reached. This page fills itself as soon as it answers again.</Note>
  if (error instanceof Problem && error.status === 403)
    return <Note tone="warn">Your role does not allow this ({error.message}). An admin of the project can change it under Members.</Note>
  const final = error instanceof Problem && (error.status === 400 || error.status === 404) // asked again, the answer is the same
  return <Note tone="bad" action={retry && !final && <Button onClick={retry}>Try again</Button>}>{error.message}</Note>
}
export function Facts({ rows }: { rows: [string, ReactNode][] }) {
  return <dl className="facts">{rows.map(([k, v]) => <div key={k}><dt>{k}</dt><dd>{v}</dd></div>)}</dl>
}
