// SPDX-License-Identifier: Apache-2.0
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { RefreshCw, ScrollText } from 'lucide-react'
import { Link } from 'react-router'
import { api, must, type Schemas } from '../api/client'
import { Button, ButtonLink } from '../ui/button'
import { Badge, Empty, Loading, Page, Time, Wrong } from '../ui/page'
import { Filter, SearchBox, useListState } from '../ui/table'
import { tone, words } from '../ui/timeline'

type Event = Schemas['Event']
const periods: [string, string][] = [['1', 'Last hour'], ['24', 'Last day'], ['168', 'Last week'], ['720', 'Last month']]

/** "provider.created" → green and so on: the kinds of change are told apart at a glance. */
export function kindTone(kind: string | null | undefined): 'good' | 'bad' | 'info' | 'none' {
  if (!kind) return 'none'
  if (/(created|added|completed|granted)$/.test(kind)) return 'good'
  if (/(deleted|removed|revoked|failed|disconnected)$/.test(kind)) return 'bad'
  return /(updated|changed|set)$/.test(kind) ? 'info' : 'none'
}
export function who(e: Event) { return e.principal_name ?? (e.principal_id || words(e.principal_type) || 'The engine') }

export default function Audit() {
  const list = useListState()
  const [q, kind, resource_type, source, since] = ['q', 'kind', 'resource', 'source', 'since'].map((n) => list.get(n)) as [string, string, string, string, string]
  const kinds = useQuery({ queryKey: ['event_kinds'], queryFn: () => must(api.GET('/tb/v1/event_kinds')), staleTime: 60_000 })
  const query = useInfiniteQuery({
    queryKey: ['events', q, kind, resource_type, source, since], initialPageParam: '',
    queryFn: ({ pageParam }) => must(api.GET('/tb/v1/events', { params: { query: {
      limit: 50, cursor: pageParam, ...(q && { q }), ...(kind && { kind }), ...(resource_type && { resource_type }), ...(source && { source }),
      ...(since && { since: new Date(Date.now() - Number(since) * 3600_000).toISOString() }),
    } } })),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  })
  const events = query.data?.pages.flatMap((p) => p.items) ?? []
  return (
    <Page title="Audit Logs" about="Who changed what, and what the engine did. Kept for 90 days; reads of tokens are counted, not logged."
      action={<Button onClick={() => { void query.refetch() }} busy={query.isRefetching}><RefreshCw aria-hidden="true" />Refresh</Button>}>
      <div className="tools">
        <SearchBox list={list} label="Search events" />
        <Filter list={list} name="since" label="Time" all="All time" options={periods} />
        <Filter list={list} name="kind" label="Action" all="All actions" options={(kinds.data?.kinds ?? []).map((k) => [k, words(k)])} />
        <Filter list={list} name="resource" label="Resource" all="All resources" options={(kinds.data?.resource_types ?? []).map((k) => [k, words(k)])} />
        <Filter list={list} name="source" label="Source" all="All sources" options={kinds.data?.sources ?? []} />
        {list.any && <Button kind="ghost" onClick={list.clear}>Clear Filters</Button>}
      </div>
      {query.error && !query.data ? <Wrong error={query.error} retry={() => { void query.refetch() }} /> : query.isPending ? <Loading /> : events.length === 0 ? (
        list.any ? <p className="nomatch">No event matches these filters.</p> : <Empty icon={<ScrollText />} title="Nothing has happened yet" action={<ButtonLink to="/dashboard">First steps</ButtonLink>}>Every change to the project and every step of an authorization is written here. Begin with the first steps on the dashboard.</Empty>
      ) : (
        <>
          <ul className="events" aria-label="Events">{events.map((e) => <Row key={e.id} e={e} />)}</ul>
          {query.hasNextPage && <div className="actions more"><Button busy={query.isFetchingNextPage} onClick={() => { void query.fetchNextPage() }}>Load More</Button></div>}
        </>
      )}
    </Page>
  )
}
function Row({ e }: { e: Event }) {
  const { changed, ...rest } = e.data
  const names = Array.isArray(changed) ? changed.map(String) : []
  const data = Object.entries(rest).filter(([, v]) => v !== null && v !== '')
  return (
    <li>
      <span className="kind"><Badge tone={kindTone(e.kind)}>{words(e.kind)}</Badge></span>
      <div>
        <p><b>{who(e)}</b>{e.resource_id && <> · {words(e.resource_type)} <code>{e.resource_id}</code></>}{e.step && !e.kind?.endsWith(e.step) && <> · {words(e.step)}</>}
          {e.outcome && e.outcome !== 'ok' && <> <Badge tone={tone(e.outcome)}>{words(e.outcome)}</Badge></>}{e.reason && <> {words(e.reason)}</>}</p>
        {names.length > 0 && <p className="soft">Changed: <span className="chips">{names.map((n) => <code key={n}>{n}</code>)}</span></p>}
        {(data.length > 0 || e.authorization_id || e.client_ip) && (
          <details><summary>Details</summary>
            <dl>{e.authorization_id && <div><dt>Authorization</dt><dd><Link to={`/dashboard/auth/authorizations/${e.authorization_id}`}>{e.authorization_id}</Link></dd></div>}
              {e.client_ip && <div><dt>Address</dt><dd>{e.client_ip}</dd></div>}
              {data.map(([k, v]) => <div key={k}><dt>{words(k)}</dt><dd>{typeof v === 'string' ? v : JSON.stringify(v)}</dd></div>)}</dl>
          </details>
        )}
      </div>
      <span className="meta">{e.source && <Badge>{e.source}</Badge>}<Time at={e.at} /></span>
    </li>
  )
}
