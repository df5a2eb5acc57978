// SPDX-License-Identifier: Apache-2.0
import { zodResolver } from '@hookform/resolvers/zod'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { ExternalLink } from 'lucide-react'
import { Tabs } from 'radix-ui'
import { useEffect } from 'react'
import { useForm } from 'react-hook-form'
import { useNavigate, useSearchParams } from 'react-router'
import { api, must } from '../api/client'
import { message, useSending } from '../lib/form'
import { Button, ButtonLink } from '../ui/button'
import { Combobox } from '../ui/combobox'
import { CopyField, Field, SecretField } from '../ui/field'
import { Card, Note, Page } from '../ui/page'
import { say } from '../ui/toast'
import { customParts, newProvider, providerForm, suggestId, type ProviderForm } from './provider_form'
import { CustomSections, Variables } from './provider_fields'
import { providersKey } from './providers'

export default function ProviderNew() {
  const [params, setParams] = useSearchParams()
  const custom = params.get('tab') === 'custom'
  const form = useForm<ProviderForm>({ resolver: zodResolver(providerForm), defaultValues: newProvider(custom ? 'custom' : 'included') })
  const { send, busy, note } = useSending(form, 'id')
  const navigate = useNavigate()
  const cache = useQueryClient()
  const types = useQuery({ queryKey: ['provider_types'], queryFn: () => must(api.GET('/tb/v1/provider_types')), staleTime: Infinity })
  const taken = useQuery({ queryKey: [...providersKey, 'all'], queryFn: () => must(api.GET('/v1/admin/auth_providers')) })
  // Asked once for this form: the address can be registered at the provider before anything is saved here.
  const redirect = useQuery({ queryKey: ['redirect_uri'], queryFn: () => must(api.POST('/tb/v1/redirect_uris')), staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false, refetchOnReconnect: false })

  const typeId = form.watch('provider_id')
  const type = types.data?.items.find((t) => t.id === typeId)
  useEffect(() => {
    if (!type || form.getFieldState('id').isDirty) return
    form.setValue('id', suggestId(type.id, (taken.data?.items ?? []).map((p) => p.id ?? '')), { shouldValidate: form.formState.isSubmitted })
  }, [type?.id])

  const create = form.handleSubmit((f) => send(async () => {
    const choice = custom ? customParts(f.oauth2, 'omit') : {
      variables: Object.fromEntries(Object.entries(f.oauth2.variables).filter(([, v]) => v !== '')), ...(f.oauth2.environment ? { environment: f.oauth2.environment } : {}),
    }
    const made = await must(api.POST('/v1/admin/auth_providers', { body: {
      id: f.id, description: f.description, ...(custom ? {} : { provider_id: f.provider_id }), ...(redirect.data ? { external_id: redirect.data.external_id } : {}),
      oauth2: { client_id: f.oauth2.client_id, ...(f.oauth2.client_secret ? { client_secret: f.oauth2.client_secret } : {}), ...choice },
    } }))
    void cache.invalidateQueries({ queryKey: providersKey })
    say(`${f.id} is ready to be used`)
    void navigate(`/dashboard/auth/oauth/${encodeURIComponent(made.id ?? f.id)}?new=1`)
  }))

  const who = type ? type.name : 'the provider'
  const common = (
    <>
      <Field label="ID" hint="How your code and your tools name this app. It cannot be changed later." error={message(form, 'id')} placeholder="my-discord-provider" {...form.register('id')} />
      <Field label="Description" optional error={message(form, 'description')} {...form.register('description')} />
    </>
  )
  const secrets = (
    <>
      <Field label="Client ID" error={message(form, 'oauth2.client_id')} {...form.register('oauth2.client_id')} />
      <SecretField label="Client Secret" optional={type ? !type.secret_required : true} hint="Sealed when it is saved, and never shown again." error={message(form, 'oauth2.client_secret')} {...form.register('oauth2.client_secret')} />
      <CopyField label="Redirect URL" value={redirect.data?.redirect_uri ?? ''} pending={redirect.isError ? 'Not known yet' : 'One moment'}
        hint={<>Add it to your app’s redirect addresses at {who} now; it stays the same when you click Create.</>} />
    </>
  )
  return (
    <Page title="Add OAuth Provider" about="Let your users connect their accounts through an app of your own." back={{ to: '/dashboard/auth/oauth', label: 'Connected Apps' }}>
      <Tabs.Root value={custom ? 'custom' : 'included'} onValueChange={(t) => { form.setValue('kind', t as ProviderForm['kind']); form.clearErrors(); setParams(t === 'custom' ? { tab: 'custom' } : {}, { replace: true }) }}>
        <Tabs.List className="tabs" aria-label="Kind of provider">
          <Tabs.Trigger value="included">Included Providers</Tabs.Trigger>
          <Tabs.Trigger value="custom">Custom Provider</Tabs.Trigger>
        </Tabs.List>
        <form onSubmit={create} noValidate>
          <Tabs.Content value="included" className="stack">
            <Card>
              <div className="fields">
                <Combobox label="Provider" options={(types.data?.items ?? []).map((t) => ({ id: t.id, name: t.name }))} value={typeId}
                  onChange={(id) => { form.setValue('provider_id', id); form.clearErrors('provider_id') }} error={message(form, 'provider_id')} placeholder={types.data ? `Search ${types.data.items.length} providers` : 'One moment'} />
                {types.isError && <Note tone="bad">The included providers could not be read: {types.error.message}</Note>}
                {type?.console && <p className="hint">Make an OAuth app in <a href={type.console} target="_blank" rel="noreferrer">{who}’s developer console<ExternalLink aria-hidden="true" /></a>{type.docs && <>; its <a href={type.docs} target="_blank" rel="noreferrer">documentation<ExternalLink aria-hidden="true" /></a> says how</>}.</p>}
                {common}{secrets}
                {type && <Variables form={form} variables={type.variables} environments={type.environments} />}
              </div>
            </Card>
          </Tabs.Content>
          <Tabs.Content value="custom" className="stack">
            <Card><div className="fields">{common}{secrets}</div></Card>
            <Card><CustomSections form={form} /></Card>
          </Tabs.Content>
          {note}
          <div className="actions end">
            <ButtonLink to="/dashboard/auth/oauth">Cancel</ButtonLink>
            <Button kind="primary" type="submit" busy={busy}>Create</Button>
          </div>
        </form>
      </Tabs.Root>
    </Page>
  )
}
