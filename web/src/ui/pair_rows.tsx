// SPDX-License-Identifier: Apache-2.0
import { Plus, Trash2 } from 'lucide-react'
import { useId, type ComponentProps } from 'react'
import { Button } from './button'

type Column = { name: string; placeholder: string; input: (row: number) => ComponentProps<'input'> }
/** `wrong`: the row that `error` is about; absent: all of them. */
type Props = { label: string; hint?: string; error?: string | undefined; wrong?: number | undefined; ids: string[]; columns: [Column, Column]; add: string; onAdd: () => void; onRemove: (row: number) => void }

/** Rows of two texts that a form holds as a list: `ids` are its rows; each column says how its inputs are bound. */
export function PairRows({ label, hint, error, wrong, ids, columns, add, onAdd, onRemove }: Props) {
  const id = useId()
  const bad = (i: number) => error && (wrong === undefined || wrong === i) ? { 'aria-invalid': true, 'aria-describedby': `${id}-error` } as const : {}
  return (
    <fieldset className={`pairs${error ? ' wrong' : ''}`} aria-describedby={[hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined}>
      <legend>{label}</legend>
      {ids.map((row, i) => (
        <div className="pair" key={row}>
          {columns.map((c) => <input key={c.name} type="text" aria-label={`${label}, row ${i + 1}: ${c.name}`} placeholder={c.placeholder} autoComplete="off" spellCheck={false} {...bad(i)} {...c.input(i)} />)}
          <Button kind="ghost" className="icon" aria-label={`Remove row ${i + 1} of ${label}`} onClick={() => onRemove(i)}><Trash2 aria-hidden="true" /></Button>
        </div>
      ))}
      {hint && <p className="hint" id={`${id}-hint`}>{hint}</p>}
      {error && <p className="error" id={`${id}-error`} role="alert">{error}</p>}
      <Button kind="ghost" onClick={onAdd}><Plus aria-hidden="true" />{add}</Button>
    </fieldset>
  )
}
