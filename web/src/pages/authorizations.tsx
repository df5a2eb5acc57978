// SPDX-License-Identifier: Apache-2.0
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Activity } from 'lucide-react'
import { Link } from 'react-router'
import { api, must } from '../api/client'
import { ButtonLink } from '../ui/button'
import { Badge, Empty, Page, Time } from '../ui/page'
import { Filter, PAGE, SearchBox, Table, useListState } from '../ui/table'
import { words } from '../ui/timeline'
import { askForLink, Scopes, useProviderIds } from './connections'

export const authorizationTone = { completed: 'good', pending: 'warn', failed: 'bad' } as const
export default function Authorizations() {
  const list = useListState()
  const ids = useProviderIds()
  const [q, provider_id, status] = [list.get('q'), list.get('provider'), list.get('status')]
  const query = useQuery({
    queryKey: ['authorizations', q, provider_id, status, list.page], placeholderData: keepPreviousData,
    queryFn: () => must(api.GET('/tb/v1/authorizations', { params: { query: { limit: PAGE, offset: list.offset, ...(q && { q }), ...(provider_id && { provider_id }), ...(status && { status }) } } })),
  })
  return (
    <Page title="Authorizations" about="Every request for a user’s consent, newest first, and what became of it.">
      <Table label="Authorizations" query={query} list={list} id={(a) => a.id}
        tools={<><SearchBox list={list} label="Search user IDs" /><Filter list={list} name="provider" label="App" all="All apps" options={ids} />
          <Filter list={list} name="status" label="Status" all="Any status" options={[['pending', 'Pending'], ['completed', 'Completed'], ['failed', 'Failed']]} /></>}
        empty={<Empty icon={<Activity />} title="No consent was asked for yet" action={<ButtonLink to="/dashboard/auth/oauth">Connected Apps</ButtonLink>} command={askForLink}>
          When your app asks for a user’s token for the first time, an authorization appears here, with each of its steps. Ask for one:
        </Empty>}
        columns={[
          { head: 'User', className: 'main', cell: (a) => <Link className="rowlink" to={`/dashboard/auth/authorizations/${encodeURIComponent(a.id)}`}><b>{a.user_id}</b></Link> },
          { head: 'App', cell: (a) => <code>{a.provider_id}</code> },
          { head: 'Status', cell: (a) => <span className="pairline"><Badge tone={authorizationTone[a.status]}>{words(a.status)}</Badge>{a.reason && <small>{words(a.reason.code)}</small>}</span> },
          { head: 'Scopes', cell: (a) => <Scopes scopes={a.scopes} /> },
          { head: 'Asked', cell: (a) => <Time at={a.created_at} /> },
        ]} />
    </Page>
  )
}
