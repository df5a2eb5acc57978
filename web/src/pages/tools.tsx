// SPDX-License-Identifier: Apache-2.0
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Boxes } from 'lucide-react'
import { Link } from 'react-router'
import { api, must } from '../api/client'
import { parameters, type Tool } from '../lib/tool'
import { useMay } from '../lib/session'
import { ButtonLink } from '../ui/button'
import { Letter } from '../ui/letter'
import { Empty, Page } from '../ui/page'
import { PAGE, SearchBox, Table, useListState, type Column } from '../ui/table'
import { Requirements } from '../ui/tool_parts'

export const toolPath = (t: Tool) => `/dashboard/tools/${encodeURIComponent(t.fully_qualified_name)}`
export function toolColumns(run: boolean): Column<Tool>[] {
  return [
    { head: 'Tool', className: 'main', cell: (t) => <Link className="rowlink" to={toolPath(t)}><Letter name={t.toolkit.name} /><span><b>{t.name}</b>{typeof t.description === 'string' && <small>{t.description}</small>}</span></Link> },
    { head: 'Toolkit', cell: (t) => t.toolkit.name },
    { head: 'Version', cell: (t) => <code>{t.toolkit.version}</code> },
    { head: 'Inputs', cell: (t) => parameters(t).length },
    { head: 'Requirements', cell: (t) => <Requirements t={t} /> },
    { head: 'Actions', cell: (t) => run && <Link className="button ghost" aria-label={`Execute ${t.name}`} to={`/dashboard/playground?tool=${encodeURIComponent(t.fully_qualified_name)}`}>Execute</Link> },
  ]
}

export default function Tools() {
  const list = useListState()
  const may = useMay()
  const q = list.get('q')
  const query = useQuery({ queryKey: ['tools', q, list.page], placeholderData: keepPreviousData, queryFn: () => must(api.GET('/v1/tools', { params: { query: { limit: PAGE, offset: list.offset, ...(q && { q }) } } })) })
  const add = may('workers:write') && <ButtonLink kind="primary" to="/dashboard/servers/new">Add Server</ButtonLink>
  return (
    <Page title="Tool Catalog" about="What your servers offer, in the newest version of each tool.">
      <Table label="Tools" query={query} list={list} id={(t) => t.fully_qualified_name} tools={<SearchBox list={list} label="Search tools" />} columns={toolColumns(may('tools:use'))}
        empty={<Empty icon={<Boxes />} title="There is no tool yet" action={add} command={'pip install arcade-tdk arcade-serve'}>Tools come from servers: one of your own, made with arcade-serve, or an MCP server. Begin with:</Empty>} />
    </Page>
  )
}
