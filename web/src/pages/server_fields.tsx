// SPDX-License-Identifier: Apache-2.0
import { useFieldArray, type UseFormReturn } from 'react-hook-form'
import { message } from '../lib/form'
import { Field, SecretField } from '../ui/field'
import { PairRows } from '../ui/pair_rows'
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
    <PairRows label={label} ids={fields.map((f) => f.id)} add={secret ? 'Add Secret' : 'Add Header'} onAdd={() => append({ key: '', value: '' })} onRemove={remove}
      columns={[
        { name: 'name', placeholder: 'Name', input: (i) => form.register(`${name}.${i}.key`) },
        { name: 'value', placeholder: secret ? 'Value' : '${secret:NAME}', input: (i) => ({ type: secret ? 'password' : 'text', ...form.register(`${name}.${i}.value`) }) },
      ]} />
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
