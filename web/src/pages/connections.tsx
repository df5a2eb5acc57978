// SPDX-License-Identifier: Apache-2.0
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Users } from 'lucide-react'
import { Link } from 'react-router'
import { api, must, type Schemas } from '../api/client'
import { ButtonLink } from '../ui/button'
import { Letter } from '../ui/letter'
import { Badge, Empty, Page, Time } from '../ui/page'
import { Filter, PAGE, SearchBox, Table, useListState } from '../ui/table'
import { words } from '../ui/timeline'
import { useApps, useProviderOfApp } from './providers'

export type Connection = Schemas['UserAuthProviderConnectionResponse']
export const connectionsKey = ['connections']
export function useProviderIds() {
  return useApps().flatMap((p) => p.id ? [p.id] : [])
}
export function ConnectionState({ c }: { c: { connection_status?: string | null; reason?: string | null } }) {
  return c.connection_status === 'active' ? <Badge tone="good">Active</Badge> : <span className="pairline"><Badge tone="bad">Expired</Badge>{c.reason && <small>{words(c.reason)}</small>}</span>
}
export function Scopes({ scopes }: { scopes: string[] | null | undefined }) {
  const all = scopes ?? []
  return all.length === 0 ? <span className="none">None</span> : <span className="chips">{all.map((s) => <code key={s}>{s}</code>)}</span>
}

/** What makes an authorization, and then a connected user. */
export const askForLink = 'curl "$ARCADE_BASE_URL/v1/auth/authorize" \\\n  -H "Authorization: $ARCADE_API_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d \'{"user_id": "alice@example.com", "auth_requirement":\n  {"provider_id": "discord", "oauth2": {"scopes": ["identify"]}}}\''

export default function Connections() {
  const list = useListState()
  const providerOf = useProviderOfApp()
  const ids = useProviderIds()
  const [q, provider_id, status] = [list.get('q'), list.get('provider'), list.get('status')]
  const query = useQuery({
    queryKey: [...connectionsKey, q, provider_id, status, list.page], placeholderData: keepPreviousData,
    queryFn: () => must(api.GET('/v1/admin/user_connections', { params: { query: { limit: PAGE, offset: list.offset, ...(q && { q }), ...(provider_id && { provider_id }), ...(status && { status }) } } })),
  })
  return (
    <Page title="Connected Users" about="Whose accounts are connected, for what, and how they stand. Tokens are never shown.">
      <Table label="Connected users" query={query} list={list} id={(c) => c.id ?? ''}
        tools={<><SearchBox list={list} label="Search user IDs" /><Filter list={list} name="provider" label="App" all="All apps" options={ids} />
          <Filter list={list} name="status" label="Status" all="Any status" options={[['active', 'Active'], ['expired', 'Expired']]} /></>}
        empty={<Empty icon={<Users />} title="Nobody is connected yet" action={<ButtonLink to="/dashboard/auth/oauth">Connected Apps</ButtonLink>}
          command={askForLink}>
          A user appears here after following the link that your app asked for and agreeing at the provider. Ask for such a link:
        </Empty>}
        columns={[
          { head: 'User', className: 'main', cell: (c) => <Link className="rowlink" to={`/dashboard/auth/connections/${encodeURIComponent(c.id ?? '')}`}><Letter name={c.user_id ?? '?'} /><b>{c.user_id}</b></Link> },
          { head: 'App', cell: (c) => <span>{providerOf(c.provider_id)} <code>{c.provider_id}</code></span> },
          { head: 'Status', cell: (c) => <ConnectionState c={c} /> },
          { head: 'Scopes', cell: (c) => <Scopes scopes={c.scopes} /> },
          { head: 'Last used', cell: (c) => <Time at={c.last_used_at} /> },
        ]} />
    </Page>
  )
}
