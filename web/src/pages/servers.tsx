// SPDX-License-Identifier: Apache-2.0
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Plus, Server } from 'lucide-react'
import { Link } from 'react-router'
import { api, must, type Schemas } from '../api/client'
import { useMay } from '../lib/session'
import { ButtonLink } from '../ui/button'
import { Letter } from '../ui/letter'
import { Badge, Empty, Page, Waiting } from '../ui/page'
import { PAGE, SearchBox, Table, useListState } from '../ui/table'

export type Worker = Schemas['WorkerResponse']
export const workersKey = ['workers']
export function uriOf(w: Worker) { return (w.http ?? w.mcp)?.uri ?? '' }

/** Asked of each server of the page that is looked at, one answer at a time as they come. */
export function Health({ id, enabled }: { id: string; enabled: boolean }) {
  const q = useQuery({ queryKey: [...workersKey, 'health', id], queryFn: () => must(api.GET('/v1/workers/{id}/health', { params: { path: { id } } })), enabled, staleTime: 20_000, retry: false })
  if (!enabled) return <Badge tone="warn">Disabled</Badge>
  if (q.isPending) return <Waiting>Asking</Waiting>
  return q.data?.healthy ? <Badge tone="good">Healthy</Badge> : <span className="pairline"><Badge tone="bad">Unhealthy</Badge><small>{q.data?.message ?? q.error?.message}</small></span>
}

export default function Servers() {
  const list = useListState()
  const may = useMay()
  const q = list.get('q')
  const query = useQuery({ queryKey: [...workersKey, q, list.page], placeholderData: keepPreviousData, queryFn: () => must(api.GET('/v1/workers', { params: { query: { limit: PAGE, offset: list.offset, ...(q && { q }) } } })) })
  const add = may('workers:write') && <ButtonLink kind="primary" to="/dashboard/servers/new"><Plus aria-hidden="true" />Add Server</ButtonLink>
  return (
    <Page title="Servers" about="Where your tools run. The engine calls them with the user’s token and the secrets a tool declares." action={add}>
      <Table label="Servers" query={query} list={list} id={(w) => w.id ?? ''} tools={<SearchBox list={list} label="Search servers" />}
        empty={<Empty icon={<Server />} title="No server is registered" command={'curl "$ARCADE_BASE_URL/v1/workers" \\\n  -H "Authorization: $ARCADE_API_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d \'{"id": "custom", "http": {"uri": "http://localhost:8002",\n  "secret": "the-workers-secret", "timeout": 30, "retry": 3}}\''}>Register a tool server made with arcade-serve, or a remote MCP server. By the API:</Empty>}
        columns={[
          { head: 'Server', className: 'main', cell: (w) => <Link className="rowlink" to={`/dashboard/servers/${encodeURIComponent(w.id ?? '')}`}><Letter name={w.id ?? '?'} /><span><b>{w.id}</b><small>{uriOf(w)}</small></span></Link> },
          { head: 'Type', cell: (w) => w.type === 'mcp' ? 'Remote MCP' : 'Arcade' },
          { head: 'State', cell: (w) => <Health id={w.id ?? ''} enabled={w.enabled !== false} /> },
          { head: 'Requirements', cell: (w) => w.requirements?.met === false ? <Badge tone="bad">Missing</Badge> : <Badge>Met</Badge> },
        ]} />
    </Page>
  )
}
