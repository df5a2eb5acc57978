// SPDX-License-Identifier: Apache-2.0
// Choosing from a long list by typing (WAI-ARIA combobox with a list box).  The value is always one of the options or nothing.
import { ChevronsUpDown } from 'lucide-react'
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { Letter } from './letter'

export type Option = { id: string; name: string; words?: string }
type Props = { label: string; options: Option[]; value: string; onChange: (id: string) => void; onBlur?: () => void; error?: string | undefined; hint?: ReactNode; placeholder?: string; autoFocus?: boolean }

/** Options whose name or other words contain what was typed; those that begin with it first. */
export function matching(options: Option[], typed: string) {
  const t = typed.trim().toLowerCase()
  if (!t) return options
  const hit = options.filter((o) => `${o.name} ${o.id} ${o.words ?? ''}`.toLowerCase().includes(t))
  return [...hit.filter((o) => o.name.toLowerCase().startsWith(t)), ...hit.filter((o) => !o.name.toLowerCase().startsWith(t))]
}

export function Combobox({ label, options, value, onChange, onBlur, error, hint, placeholder, autoFocus }: Props) {
  const id = useId()
  const chosen = options.find((o) => o.id === value)
  const [typed, setTyped] = useState<string | null>(null) // null: nothing is being typed, the choice is shown
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState(0)
  const list = useRef<HTMLUListElement>(null)
  const shown = matching(options, typed ?? '')
  useEffect(() => { list.current?.children[at]?.scrollIntoView?.({ block: 'nearest' }) }, [at, open])

  const choose = (o: Option | undefined) => { if (o) onChange(o.id); setTyped(null); setOpen(false) }
  const show = () => { setOpen(true); setAt(Math.max(0, shown.findIndex((o) => o.id === value))) }
  const key = (e: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[e.key]
    if (step !== undefined) {
      e.preventDefault()
      if (!open) show()
      else setAt(Math.min(shown.length - 1, Math.max(0, at + step)))
    } else if (e.key === 'Enter' && open) { e.preventDefault(); choose(shown[at]) }
    else if (e.key === 'Escape' && open) { e.preventDefault(); e.stopPropagation(); choose(undefined) }
    else if (e.key === 'Tab' && open) choose(typed === null ? undefined : shown[at])
  }
  return (
    <div className={`field${error ? ' wrong' : ''}`}>
      <label htmlFor={id}>{label}</label>
      <div className="combobox">
        {chosen && typed === null && <Letter name={chosen.name} />}
        <input id={id} className={chosen && typed === null ? 'chosen' : ''} role="combobox" aria-expanded={open} aria-controls={`${id}-list`} aria-autocomplete="list" autoFocus={autoFocus}
          aria-activedescendant={open && shown[at] ? `${id}-${shown[at].id}` : undefined} aria-invalid={error ? true : undefined}
          aria-describedby={[hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined} autoComplete="off" spellCheck={false}
          placeholder={placeholder} value={typed ?? chosen?.name ?? ''} onKeyDown={key} onClick={show}
          onChange={(e) => { setTyped(e.target.value); setOpen(true); setAt(0) }} onBlur={() => { choose(undefined); onBlur?.() }} />
        <ChevronsUpDown aria-hidden="true" className="chevron" />
        <ul id={`${id}-list`} ref={list} role="listbox" aria-label={label} hidden={!open}>
          {shown.map((o, i) => (
            <li key={o.id} id={`${id}-${o.id}`} role="option" aria-selected={o.id === value} className={i === at ? 'at' : ''}
              onPointerDown={(e) => e.preventDefault()} onClick={() => choose(o)} onPointerMove={() => setAt(i)}>
              <Letter name={o.name} /><span>{o.name}</span>
            </li>
          ))}
          {shown.length === 0 && <li className="nothing" role="option" aria-disabled="true" aria-selected={false}>No provider of that name is included. Use the tab Custom Provider.</li>}
        </ul>
      </div>
      {hint && <p className="hint" id={`${id}-hint`}>{hint}</p>}
      {error && <p className="error" id={`${id}-error`} role="alert">{error}</p>}
    </div>
  )
}
