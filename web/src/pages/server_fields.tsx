// SPDX-License-Identifier: Apache-2.0
import { useFieldArray, type UseFormReturn } from 'react-hook-form'
import { message } from '../lib/form'
import { CopyField, Field, SecretField } from '../ui/field'
import { More } from '../ui/more'
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
  const keys = fields.map((_, i) => message(form, `${name}.${i}.key`))
  const wrong = keys.findIndex(Boolean)
  return (
    <PairRows label={label} hint={hint} error={keys[wrong] ?? message(form, name)} wrong={wrong < 0 ? undefined : wrong} ids={fields.map((f) => f.id)} add={secret ? 'Add Secret' : 'Add Header'} onAdd={() => append({ key: '', value: '' })} onRemove={remove}
      columns={[
        { name: 'name', placeholder: 'Name', input: (i) => ({ readOnly: secret && set.includes(fields[i]?.key ?? ''), ...form.register(`${name}.${i}.key`) }) },
        { name: 'value', placeholder: secret ? 'Value' : '${secret:NAME}', input: (i) => ({ ...(secret && { type: 'password', ...(set.includes(fields[i]?.key ?? '') && { placeholder: 'A value is set' }) }), ...form.register(`${name}.${i}.value`) }) },
      ]} />
  )
}
/** `redirect`: where the server's authorization server sends people back to; `set`: names of secrets that have a value. */
export function McpParts({ form, redirect, set }: F & { redirect?: string | null | undefined; set?: string[] | undefined }) {
  return (
    <More summary="Advanced settings: connection, OAuth and headers" form={form} wrong={Object.keys(form.formState.errors.mcp ?? {}).some((k) => k !== 'uri')}>
      <div className="fields advanced">
        <Timing form={form} kind="mcp" />
        <Field label="Client ID" optional hint="Only for a server behind OAuth that gave you a client; with others the engine registers itself." error={message(form, 'mcp.oauth2.client_id')} {...form.register('mcp.oauth2.client_id')} />
        <SecretField label="Client Secret" optional error={message(form, 'mcp.oauth2.client_secret')} {...form.register('mcp.oauth2.client_secret')} />
        <Field label="Authorization URL" optional inputMode="url" hint="Empty: found out from the server." error={message(form, 'mcp.oauth2.authorization_url')} {...form.register('mcp.oauth2.authorization_url')} />
        {redirect !== undefined && <CopyField label="Redirect URI" value={redirect ?? ''} pending="One moment" hint="Register it for that client, letter for letter." />}
        <Rows form={form} name="mcp.headers" label="Headers" hint="Sent with every call. ${secret:NAME} stands for a secret: one of those below, or one of the project." />
        <Rows form={form} name="mcp.secrets" label="Header Secrets" hint="For this server’s headers only; sealed when saved." set={set ?? []} />
      </div>
    </More>
  )
}
