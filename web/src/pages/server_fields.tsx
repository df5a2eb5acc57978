// SPDX-License-Identifier: Apache-2.0
import { Plus, Trash2 } from 'lucide-react'
import { useFieldArray, type UseFormReturn } from 'react-hook-form'
import { message } from '../lib/form'
import { Button } from '../ui/button'
import { Field, SecretField } from '../ui/field'
import type { ServerForm } from './server_form'

type F = { form: UseFormReturn<ServerForm> }
export function Timing({ form, kind }: F & { kind: 'http' | 'mcp' }) {
  return (
    <div className="fields two">
      <Field label="Timeout" type="number" min={1} max={600} hint="Seconds." error={message(form, `${kind}.timeout`)} {...form.register(`${kind}.timeout`)} />
      <Field label="Retry" type="number" min={1} max={10} hint="Tries, the first included." error={message(form, `${kind}.retry`)} {...form.register(`${kind}.retry`)} />
    </div>
  )
}
function Rows({ form, name, label, secret }: F & { name: 'mcp.headers' | 'mcp.secrets'; label: string; secret?: boolean }) {
  const { fields, append, remove } = useFieldArray({ control: form.control, name })
  return (
    <fieldset className="pairs">
      <legend>{label}</legend>
      {fields.map((f, i) => (
        <div className="pair" key={f.id}>
          <input type="text" aria-label={`${label}, row ${i + 1}: name`} placeholder="Name" autoComplete="off" {...form.register(`${name}.${i}.key`)} />
          <input type={secret ? 'password' : 'text'} aria-label={`${label}, row ${i + 1}: value`} placeholder={secret ? 'Value' : '${secret:NAME}'} autoComplete="off" {...form.register(`${name}.${i}.value`)} />
          <Button kind="ghost" className="icon" aria-label={`Remove row ${i + 1} of ${label}`} onClick={() => remove(i)}><Trash2 aria-hidden="true" /></Button>
        </div>
      ))}
      <Button kind="ghost" onClick={() => append({ key: '', value: '' })}><Plus aria-hidden="true" />{secret ? 'Add Secret' : 'Add Header'}</Button>
    </fieldset>
  )
}
export function McpParts({ form }: F) {
  return (
    <details>
      <summary>Advanced settings: connection, OAuth and headers</summary>
      <div className="fields advanced">
        <Timing form={form} kind="mcp" />
        <Field label="Client ID" optional hint="Only for a server behind OAuth that gave you a client; others are registered by themselves." error={message(form, 'mcp.oauth2.client_id')} {...form.register('mcp.oauth2.client_id')} />
        <SecretField label="Client Secret" optional error={message(form, 'mcp.oauth2.client_secret')} {...form.register('mcp.oauth2.client_secret')} />
        <Field label="Authorization URL" optional hint="Empty: found out from the server." error={message(form, 'mcp.oauth2.authorization_url')} {...form.register('mcp.oauth2.authorization_url')} />
        <Rows form={form} name="mcp.headers" label="Headers" />
        <Rows form={form} name="mcp.secrets" label="Header Secrets" secret />
      </div>
    </details>
  )
}
