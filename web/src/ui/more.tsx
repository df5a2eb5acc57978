// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState, type ReactNode } from 'react'
import type { FieldValues, UseFormReturn } from 'react-hook-form'

/** Settings that stand folded; a mistake among them (`wrong`) opens them at every try to send the form. */
export function More<T extends FieldValues>({ summary, form, wrong, children }: { summary: string; form: UseFormReturn<T>; wrong: boolean; children: ReactNode }) {
  const [open, setOpen] = useState(false)
  useEffect(() => { if (wrong) setOpen(true) }, [wrong, form.formState.submitCount])
  return <details open={open} onToggle={(e) => setOpen(e.currentTarget.open)}><summary>{summary}</summary>{children}</details>
}
