// SPDX-License-Identifier: Apache-2.0
// Forms: what the engine says about a field stands beside that field, nothing typed is lost, and a change that would overwrite
// somebody else's is shown beside it first.
import { useEffect, useState, type ReactNode } from 'react'
import type { FieldValues, Path, UseFormReturn } from 'react-hook-form'
import { Problem } from '../api/client'
import { full } from './time'
import { Button } from '../ui/button'
import { Note } from '../ui/page'

/** Of each form the fields whose message stands on the page as it was drawn last: one that stands nowhere is said below the form. */
const shown = new WeakMap<object, Set<string>>()
/** The field of the page that an error of the engine belongs to: itself, or the list or group that it is in. */
function beside(form: { control: object }, field: string) {
  const steps = field.split('.')
  for (let n = steps.length; n > 0; n--) {
    const path = steps.slice(0, n).join('.')
    if (shown.get(form.control)?.has(path)) return { path, inner: steps.slice(n).join('.') }
  }
  return null
}
/** Puts the engine's field errors beside their fields (our fields have the engine's names), and what is taken beside `taken`; gives
 * back what belongs to no field. */
export function fieldErrors<T extends FieldValues>(form: UseFormReturn<T>, error: unknown, taken?: Path<T>): string {
  if (!(error instanceof Problem)) return error instanceof Error ? error.message : String(error)
  if (taken && error.status === 409 && error.fields.length === 0) { form.setError(taken, { type: 'server', message: sentence(error.message) }, { shouldFocus: true }); return '' }
  const rest: string[] = []
  let first = true
  for (const f of error.fields) {
    const at = beside(form, f.field)
    const words = f.message.startsWith(`${f.field} `) ? f.message.slice(f.field.length) : f.message
    if (!at) { rest.push(`${f.field}: ${f.message}`); continue }
    form.setError(at.path as Path<T>, { type: 'server', message: sentence(at.inner ? `${at.inner} ${words.trim()}` : words) }, { shouldFocus: first })
    first = false
  }
  if (rest.length > 0) return rest.join('. ')
  return error.fields.length > 0 ? '' : error.message
}
/** "is required" → "Is required." */
export function sentence(s: string) {
  const t = s.trim()
  return t.charAt(0).toUpperCase() + t.slice(1) + (/[.!?]$/.test(t) ? '' : '.')
}
export function message<T extends FieldValues>(form: UseFormReturn<T>, path: Path<T>): string | undefined {
  shown.get(form.control)?.add(path)
  const e = form.getFieldState(path, form.formState).error
  return e?.message ?? (e as { root?: { message?: string } } | undefined)?.root?.message
}

/** Words for the two versions of a changed thing, side by side. */
export type Version = Record<string, string>
export function differences(mine: Version, theirs: Version) {
  return [...new Set([...Object.keys(mine), ...Object.keys(theirs)])].filter((k) => (mine[k] ?? '') !== (theirs[k] ?? ''))
}
/** Who changed it and when, as the engine says it; what to do about it is shown, not told. */
export function changedBy(why: string) {
  return sentence(why.replace(/; read it again.*$/, '').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, (at) => full(at)))
}
/** What differs between two versions; an empty cell says so. */
export function Versions({ a, b, heads }: { a: Version; b: Version; heads: [string, string] }) {
  const changed = differences(a, b)
  if (changed.length === 0) return <p>Both versions say the same in everything that is shown here.</p>
  const cell = (head: string, text: string | undefined) => <td data-head={head}>{text || <span className="none">Empty</span>}</td>
  return (
    <div className="tablebox" tabIndex={0} role="region" aria-label="Both versions"><table>
      <thead><tr><th scope="col">Field</th><th scope="col">{heads[0]}</th><th scope="col">{heads[1]}</th></tr></thead>
      <tbody>{changed.map((k) => <tr key={k}><th scope="row">{k}</th>{cell(heads[0], a[k])}{cell(heads[1], b[k])}</tr>)}</tbody>
    </table></div>
  )
}
type ConflictProps = { why: string; mine: Version; theirs: Version; keepMine: () => void; takeTheirs: () => void }
export function Conflict({ why, mine, theirs, keepMine, takeTheirs }: ConflictProps) {
  return (
    <section className="card conflict" role="alert" aria-label="Changed by somebody else">
      <h2>This was changed while you were editing</h2>
      <p>{changedBy(why)} Nothing of yours has been saved yet, and nothing you typed is lost.</p>
      <Versions a={mine} b={theirs} heads={['Yours', 'Saved now']} />
      <div className="actions">
        <Button onClick={takeTheirs}>Take the saved version</Button>
        <Button kind="primary" onClick={keepMine}>Save mine over it</Button>
      </div>
    </section>
  )
}

/** State of a form's sending: what belongs to no field, and whether it runs.  `taken`: the field to which a 409 belongs. */
export function useSending<T extends FieldValues>(form: UseFormReturn<T>, taken?: Path<T>) {
  shown.set(form.control, new Set()) // the fields below are drawn after this, and each says that it is there
  const [wrong, setWrong] = useState('')
  const [busy, setBusy] = useState(false)
  const [refusals, setRefusals] = useState(0)
  useEffect(() => { // a list of rows has no input of its own that could have got the focus
    if (refusals > 0 && !document.activeElement?.hasAttribute('aria-invalid')) document.querySelector<HTMLElement>('form [aria-invalid="true"]')?.focus()
  }, [refusals])
  const send = async (work: () => Promise<unknown>) => {
    setBusy(true); setWrong('')
    try { await work() } catch (e) { setWrong(fieldErrors(form, e, taken)); setRefusals((n) => n + 1) } finally { setBusy(false) }
  }
  const note: ReactNode = wrong ? <Note tone="bad">{wrong}</Note> : null
  return { send, busy, note }
}
