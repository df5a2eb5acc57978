// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'react'
import { useFieldArray, type UseFormReturn } from 'react-hook-form'
import { message } from '../lib/form'
import { CopyField, Field, SecretField } from '../ui/field'
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
type RowsProps = F & { name: 'mcp.headers' | 'mcp.secrets'; label: string; hint: string; set?: string[] }
function Rows({ form, name, label, hint, set = [] }: RowsProps) {
  const { fields, append, remove } = useFieldArray({ control: form.control, name })
  const secret = name === 'mcp.secrets'
  const wrong = fields.map((_, i) => message(form, `${name}.${i}.key`)).find(Boolean) ?? message(form, name)
  return (
    <PairRows label={label} hint={hint} error={wrong} ids={fields.map((f) => f.id)} add={secret ? 'Add Secret' : 'Add Header'} onAdd={() => append({ key: '', value: '' })} onRemove={remove}
      columns={[
        { name: 'name', placeholder: 'Name', input: (i) => ({ readOnly: secret && set.includes(fields[i]?.key ?? ''), ...form.register(`${name}.${i}.key`) }) },
        { name: 'value', placeholder: secret ? 'Value' : '${secret:NAME}', input: (i) => ({ ...(secret && { type: 'password', ...(set.includes(fields[i]?.key ?? '') && { placeholder: 'A value is set' }) }), ...form.register(`${name}.${i}.value`) }) },
      ]} />
  )
}
/** `redirect`: where the server's authorization server sends people back to; `set`: names of secrets that have a value. */
export function McpParts({ form, redirect, set }: F & { redirect?: string | null | undefined; set?: string[] | undefined }) {
  const wrong = Boolean(form.formState.errors.mcp && Object.keys(form.formState.errors.mcp).some((k) => k !== 'uri'))
  const [open, setOpen] = useState(false)
  useEffect(() => { if (wrong) setOpen(true) }, [wrong, form.formState.submitCount])
  return (
    <details open={open} onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>Advanced settings: connection, OAuth and headers</summary>
      <div className="fields advanced">
        <Timing form={form} kind="mcp" />
        <Field label="Client ID" optional hint="Only for a server behind OAuth that gave you a client; with others the engine registers itself." error={message(form, 'mcp.oauth2.client_id')} {...form.register('mcp.oauth2.client_id')} />
        <SecretField label="Client Secret" optional error={message(form, 'mcp.oauth2.client_secret')} {...form.register('mcp.oauth2.client_secret')} />
        <Field label="Authorization URL" optional inputMode="url" hint="Empty: found out from the server." error={message(form, 'mcp.oauth2.authorization_url')} {...form.register('mcp.oauth2.authorization_url')} />
        {redirect !== undefined && <CopyField label="Redirect URI" value={redirect ?? ''} pending="One moment" hint="Register it for that client, letter for letter." />}
        <Rows form={form} name="mcp.headers" label="Headers" hint="Sent with every call. ${secret:NAME} stands for a secret: one of those below, or one of the project." />
        <Rows form={form} name="mcp.secrets" label="Header Secrets" hint="For this server’s headers only; sealed when saved." set={set ?? []} />
      </div>
    </details>
  )
}
