// SPDX-License-Identifier: Apache-2.0
import { useId, type InputHTMLAttributes, type ReactNode, type Ref, type SelectHTMLAttributes, type TextareaHTMLAttributes } from 'react'
import { CopyButton } from './button'

type Frame = { label: string; hint?: ReactNode; error?: string | undefined; optional?: boolean }

function useFrame(f: Frame) {
  const id = useId()
  const described = [f.hint && `${id}-hint`, f.error && `${id}-error`].filter(Boolean).join(' ') || undefined
  return { id, described }
}
function Around({ id, f, children }: { id: string; f: Frame; children: ReactNode }) {
  return (
    <div className={`field${f.error ? ' wrong' : ''}`}>
      <label htmlFor={id}>{f.label}</label>
      {f.optional && <span className="optional" aria-hidden="true">Optional</span>}
      {children}
      {f.hint && <p className="hint" id={`${id}-hint`}>{f.hint}</p>}
      {f.error && <p className="error" id={`${id}-error`} role="alert">{f.error}</p>}
    </div>
  )
}

export function Field({ label, hint, error, optional, ...rest }: Frame & InputHTMLAttributes<HTMLInputElement> & { ref?: Ref<HTMLInputElement> }) {
  const f = { label, hint, error, optional: optional ?? false }
  const { id, described } = useFrame(f)
  return (
    <Around id={id} f={f}>
      <input type="text" autoComplete="off" spellCheck={false} {...rest} id={id} aria-describedby={described} aria-invalid={error ? true : undefined} />
    </Around>
  )
}
/** What is typed here is never shown again once it has been saved. */
export function SecretField(props: Frame & InputHTMLAttributes<HTMLInputElement> & { ref?: Ref<HTMLInputElement> }) {
  return <Field {...props} type="password" autoComplete="new-password" data-1p-ignore data-lpignore="true" />
}
export function TextArea({ label, hint, error, optional, ...rest }: Frame & TextareaHTMLAttributes<HTMLTextAreaElement> & { ref?: Ref<HTMLTextAreaElement> }) {
  const f = { label, hint, error, optional: optional ?? false }
  const { id, described } = useFrame(f)
  return (
    <Around id={id} f={f}>
      <textarea rows={3} spellCheck={false} {...rest} id={id} aria-describedby={described} aria-invalid={error ? true : undefined} />
    </Around>
  )
}
export function Select({ label, hint, error, optional, children, ...rest }: Frame & SelectHTMLAttributes<HTMLSelectElement> & { ref?: Ref<HTMLSelectElement> }) {
  const f = { label, hint, error, optional: optional ?? false }
  const { id, described } = useFrame(f)
  return (
    <Around id={id} f={f}>
      <span className="select"><select {...rest} id={id} aria-describedby={described} aria-invalid={error ? true : undefined}>{children}</select></span>
    </Around>
  )
}
export function Check({ label, hint, ...rest }: { label: string; hint?: ReactNode } & InputHTMLAttributes<HTMLInputElement> & { ref?: Ref<HTMLInputElement> }) {
  const id = useId()
  return (
    <div className="check">
      <input type="checkbox" {...rest} id={id} aria-describedby={hint ? `${id}-hint` : undefined} />
      <label htmlFor={id}>{label}</label>
      {hint && <p className="hint" id={`${id}-hint`}>{hint}</p>}
    </div>
  )
}
/** A value the engine made, to be copied elsewhere. */
export function CopyField({ label, value, hint, pending }: { label: string; value: string; hint?: ReactNode; pending?: string }) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="copyfield">
        <input id={id} type="text" readOnly value={value} placeholder={pending} aria-describedby={hint ? `${id}-hint` : undefined} onFocus={(e) => e.target.select()} />
        {value && <CopyButton text={value} what={label} />}
      </div>
      {hint && <p className="hint" id={`${id}-hint`}>{hint}</p>}
    </div>
  )
}
