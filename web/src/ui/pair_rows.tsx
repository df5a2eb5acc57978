// SPDX-License-Identifier: Apache-2.0
import { Plus, Trash2 } from 'lucide-react'
import type { ComponentProps } from 'react'
import { Button } from './button'

type Column = { name: string; placeholder: string; input: (row: number) => ComponentProps<'input'> }

/** Rows of two texts that a form holds as a list: `ids` are its rows; each column says how its inputs are bound. */
export function PairRows({ label, ids, columns, add, onAdd, onRemove }: { label: string; ids: string[]; columns: [Column, Column]; add: string; onAdd: () => void; onRemove: (row: number) => void }) {
  return (
    <fieldset className="pairs">
      <legend>{label}</legend>
      {ids.map((id, i) => (
        <div className="pair" key={id}>
          {columns.map((c) => <input key={c.name} type="text" aria-label={`${label}, row ${i + 1}: ${c.name}`} placeholder={c.placeholder} autoComplete="off" {...c.input(i)} />)}
          <Button kind="ghost" className="icon" aria-label={`Remove row ${i + 1} of ${label}`} onClick={() => onRemove(i)}><Trash2 aria-hidden="true" /></Button>
        </div>
      ))}
      <Button kind="ghost" onClick={onAdd}><Plus aria-hidden="true" />{add}</Button>
    </fieldset>
  )
}
