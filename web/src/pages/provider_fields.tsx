// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react'
import { useFieldArray, type Path, type UseFormReturn } from 'react-hook-form'
import { message } from '../lib/form'
import { Check, Field, Select } from '../ui/field'
import { More } from '../ui/more'
import { PairRows } from '../ui/pair_rows'
import type { ProviderForm, RequestName } from './provider_form'

type F = { form: UseFormReturn<ProviderForm> }
type P = Path<ProviderForm>

function Pairs({ form, name, label, keyName, valueName }: F & { name: `oauth2.${RequestName}.${'params' | 'response_map'}`; label: string; keyName: string; valueName: string }) {
  const { fields, append, remove } = useFieldArray({ control: form.control, name })
  const column = (title: string, part: 'key' | 'value') => ({ name: title, placeholder: title, input: (i: number) => ({ spellCheck: false, ...form.register(`${name}.${i}.${part}` as P) }) })
  return (
    <PairRows label={label} ids={fields.map((f) => f.id)} columns={[column(keyName, 'key'), column(valueName, 'value')]} add="Add row" error={message(form, name)}
      onAdd={() => append({ key: '', value: '' })} onRemove={remove} />
  )
}

const types = ['application/x-www-form-urlencoded', 'application/json']
const auths: [string, string][] = [['', 'As the parameters say'], ['client_secret_basic', 'Basic: client ID and secret in the Authorization header'], ['client_secret_post', 'Client ID and secret in the body'], ['bearer_access_token', 'Bearer: the user\'s access token'], ['none', 'None']]
type Section = { name: RequestName; title: string; about: string; endpoint: string; always?: boolean; token?: boolean; triggers?: boolean }
const sections: Section[] = [
  { name: 'authorize_request', title: 'Authorization Settings', about: 'Where the user is sent to agree, and with which parameters. {{scopes}} are those asked for, {{existing_scopes}} those given before.', endpoint: 'Authorization Endpoint', always: true },
  { name: 'token_request', title: 'Token Settings', about: 'Where a code becomes a token.', endpoint: 'Token Endpoint', always: true, token: true },
  { name: 'refresh_request', title: 'Refresh Token Settings', about: 'Without this, a connection ends when its first token does.', endpoint: 'Refresh Endpoint', token: true },
  { name: 'user_info_request', title: 'User Info Settings', about: 'Who the user is at the provider.', endpoint: 'User Info Endpoint', token: true, triggers: true },
  { name: 'token_introspection_request', title: 'Token Introspection Settings', about: 'Asks the provider what a token is good for.', endpoint: 'Introspection Endpoint', token: true, triggers: true },
]

function RequestSection({ form, s }: F & { s: Section }) {
  const at = `oauth2.${s.name}` as const
  const on = form.watch(`${at}.on`)
  return (
    <fieldset className="section">
      <legend>{s.title}</legend>
      <p className="hint">{s.about}</p>
      {!s.always && <Check label={`Use ${s.title.replace(' Settings', '').toLowerCase()}`} {...form.register(`${at}.on`)} />}
      {on && (
        <div className="fields">
          <Field label={s.endpoint} inputMode="url" placeholder="https://" error={message(form, `${at}.endpoint`)} {...form.register(`${at}.endpoint`)} />
          <Pairs form={form} name={`${at}.params`} label="Parameters" keyName="Name" valueName="Value" />
          {s.token && <More form={form} wrong={Object.keys(form.formState.errors.oauth2?.[s.name] ?? {}).some((k) => k !== 'endpoint' && k !== 'params')} summary="Method, authentication, content types, answer">
            <div className="fields two">
              <Select label="Method" error={message(form, `${at}.method`)} {...form.register(`${at}.method`)}>{['GET', 'POST'].map((m) => <option key={m}>{m}</option>)}</Select>
              <Select label="Authentication method" error={message(form, `${at}.auth_method`)} {...form.register(`${at}.auth_method`)}>{auths.map(([v, t]) => <option key={v} value={v}>{t}</option>)}</Select>
              <Select label="Request content type" error={message(form, `${at}.request_content_type`)} {...form.register(`${at}.request_content_type`)}><option value="">Default</option>{types.map((t) => <option key={t}>{t}</option>)}</Select>
              <Select label="Response content type" error={message(form, `${at}.response_content_type`)} {...form.register(`${at}.response_content_type`)}><option value="">Default</option>{types.map((t) => <option key={t}>{t}</option>)}</Select>
            </div>
            <Pairs form={form} name={`${at}.response_map`} label="Response map" keyName="Field" valueName="JSONPath" />
          </More>}
          {s.triggers && <div className="fields"><Check label="When a token is granted" {...form.register(`${at}.triggers.on_token_grant`)} /><Check label="When a token is refreshed" {...form.register(`${at}.triggers.on_token_refresh`)} /></div>}
        </div>
      )}
    </fieldset>
  )
}

export function CustomSections({ form }: F) {
  return (
    <>
      <fieldset className="section">
        <legend>PKCE Settings</legend>
        <p className="hint">Keeps a stolen code useless. Switch it off only for a provider that refuses it.</p>
        <Check label="Enable PKCE (S256)" {...form.register('oauth2.pkce.enabled')} />
      </fieldset>
      {sections.map((s) => <RequestSection key={s.name} form={form} s={s} />)}
      <fieldset className="section">
        <legend>Scopes</legend>
        <Select label="Scopes are separated by" {...form.register('oauth2.scope_delimiter')}><option value=" ">A space</option><option value=",">A comma</option></Select>
      </fieldset>
    </>
  )
}

/** What an included provider wants to know besides: a host, a tenant, a realm. */
export function Variables({ form, variables, environments }: F & { variables: { name: string; description?: string | null; default?: string | null; required: boolean; values?: string[] | null }[]; environments: string[] }): ReactNode {
  return (
    <>
      {environments.length > 0 && <Select label="Environment" error={message(form, 'oauth2.environment')} {...form.register('oauth2.environment')}><option value="">Default</option>{environments.map((e) => <option key={e}>{e}</option>)}</Select>}
      {variables.map((v) => {
        const at = `oauth2.variables.${v.name}` as P
        const props = { label: v.name, hint: v.description ?? undefined, optional: !v.required, error: message(form, at) }
        return v.values
          ? <Select key={v.name} {...props} {...form.register(at)}><option value="">{v.default ? `Default (${v.default})` : 'Choose'}</option>{v.values.map((o) => <option key={o}>{o}</option>)}</Select>
          : <Field key={v.name} {...props} placeholder={v.default ?? ''} {...form.register(at)} />
      })}
    </>
  )
}
