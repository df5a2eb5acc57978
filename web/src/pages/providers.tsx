// SPDX-License-Identifier: Apache-2.0
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link2, Plus } from 'lucide-react'
import { Link } from 'react-router'
import { api, must } from '../api/client'
import { useMay } from '../lib/session'
import { ButtonLink } from '../ui/button'
import { Letter } from '../ui/letter'
import { Badge, Empty, Page, Time } from '../ui/page'
import { PAGE, SearchBox, Table, useListState } from '../ui/table'

export const providersKey = ['providers']
export function useProviderNames() {
  const q = useQuery({ queryKey: ['provider_types'], queryFn: () => must(api.GET('/tb/v1/provider_types')), staleTime: Infinity })
  return (type: string | null | undefined) => q.data?.items.find((t) => t.id === type)?.name ?? (type || 'Custom OAuth 2.0')
}
export function useApps() {
  const q = useQuery({ queryKey: [...providersKey, 'all'], queryFn: () => must(api.GET('/v1/admin/auth_providers', { params: { query: { limit: 100 } } })) })
  return q.data?.items ?? []
}
/** The provider that an app is registered at: "Discord" for my-discord; undefined when the app is gone. */
export function useProviderOfApp() {
  const nameOf = useProviderNames()
  const apps = useApps()
  return (id: string | null | undefined) => {
    const app = apps.find((p) => p.id === id)
    return app && nameOf(app.provider_id)
  }
}

/** Out of use is the engine's own doing (a definition that it cannot understand any more), inactive is somebody's wish. */
export function AppState({ p }: { p: { status?: string | null; reason?: unknown } }) {
  return p.reason ? <Badge tone="bad">Out of use</Badge> : p.status === 'inactive' ? <Badge tone="warn">Inactive</Badge> : <Badge tone="good">Active</Badge>
}

export default function Providers() {
  const list = useListState()
  const may = useMay()
  const nameOf = useProviderNames()
  const q = list.get('q')
  const query = useQuery({
    queryKey: [...providersKey, q, list.page], placeholderData: keepPreviousData,
    queryFn: () => must(api.GET('/v1/admin/auth_providers', { params: { query: { limit: PAGE, offset: list.offset, ...(q ? { q } : {}) } } })),
  })
  const add = may('providers:write') && <ButtonLink kind="primary" to="/dashboard/auth/oauth/new"><Plus aria-hidden="true" />Add OAuth Provider</ButtonLink>
  return (
    <Page title="Connected Apps" about="The OAuth apps through which your users connect their accounts." action={add}>
      <Table label="Connected apps" query={query} list={list} id={(p) => p.id ?? ''} tools={<SearchBox list={list} label="Search apps" />}
        empty={<Empty icon={<Link2 />} title="No app is connected yet"
          command={'tokenbooth provider add my-discord --type discord \\\n  --client-id CLIENT_ID --client-secret-file -'}>
          Register an OAuth app at Discord, Google, GitHub or another provider, and add its client ID and secret here. Your agents then get fresh tokens for users who agree. Or by command:
        </Empty>}
        columns={[
          { head: 'Provider', className: 'main', cell: (p) => <Link className="rowlink" to={`/dashboard/auth/oauth/${encodeURIComponent(p.id ?? '')}`}><Letter name={nameOf(p.provider_id)} /><span><b>{nameOf(p.provider_id)}</b>{p.description && <small>{p.description}</small>}</span></Link> },
          { head: 'ID', cell: (p) => <code>{p.id}</code> },
          { head: 'Client ID', cell: (p) => <code className="clip">{p.oauth2?.client_id}</code> },
          { head: 'Status', cell: (p) => <span className="pairline"><AppState p={p} />{p.reason && <small>{p.reason.cause}</small>}</span> },
          { head: 'Changed', cell: (p) => p.binding?.type === 'static' ? <Badge>engine.yaml</Badge> : <Time at={p.updated_at} /> },
        ]} />
    </Page>
  )
}
