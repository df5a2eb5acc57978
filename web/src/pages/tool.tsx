// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query'
import { useParams } from 'react-router'
import { api, must } from '../api/client'
import { parameters, requirements } from '../lib/tool'
import { useMay } from '../lib/session'
import { ButtonLink } from '../ui/button'
import { Badge, Card, Code, Facts, Loading, Page, Wrong } from '../ui/page'
import { Requirements } from '../ui/tool_parts'
import { Scopes } from './connections'

export default function ToolPage() {
  const { name = '' } = useParams()
  const may = useMay()
  const q = useQuery({ queryKey: ['tools', 'one', name], queryFn: () => must(api.GET('/v1/tools/{name}', { params: { path: { name } } })) })
  const back = { to: '/dashboard/tools', label: 'Tool Catalog' }
  if (!q.data) return <Page title={name} back={back}>{q.error ? <Wrong error={q.error} retry={() => { void q.refetch() }} /> : <Loading />}</Page>
  const t = q.data
  const params = parameters(t)
  const r = requirements(t)
  return (
    <Page title={t.name} about={typeof t.description === 'string' ? t.description : undefined} back={back} badge={t.toolkit.version && <Badge>{t.toolkit.version}</Badge>}
      action={may('tools:use') && <ButtonLink kind="primary" to={`/dashboard/playground?tool=${encodeURIComponent(t.fully_qualified_name)}`}>Execute</ButtonLink>}>
      <div className="stack">
        <Card><Facts rows={[['Full name', <code>{t.fully_qualified_name}</code>], ['Toolkit', t.toolkit.name], ['Requirements', <Requirements t={t} />], ...(r.scopes.length ? [['Scopes', <Scopes scopes={r.scopes} />] as [string, React.ReactNode]] : [])]} /></Card>
        <Card title="Inputs">
          {params.length === 0 ? <p className="hint">This tool takes no input.</p> : (
            <div className="tablebox" role="region" aria-label="Inputs" tabIndex={0}><table>
              <thead><tr><th scope="col">Name</th><th scope="col">Type</th><th scope="col">What it is</th></tr></thead>
              <tbody>{params.map((p) => <tr key={p.name}><td data-head="Name"><code className="strong">{p.name}</code>{p.required && <small className="required">required</small>}</td><td data-head="Type"><code>{p.type === 'array' ? `${p.inner}[]` : p.type}</code></td><td data-head="What it is">{p.description}{p.choices.length > 0 && <> One of {p.choices.join(', ')}.</>}</td></tr>)}</tbody>
            </table></div>
          )}
        </Card>
        <Card title="Use it from your app"><Code what="Python code" text={`from arcadepy import Arcade\n\nclient = Arcade()\nresult = client.tools.execute(tool_name="${t.qualified_name}", user_id="alice@example.com"${params.length ? `,\n    input={${params.filter((p) => p.required).map((p) => `"${p.name}": …`).join(', ')}}` : ''})\nprint(result.output.value)`} /></Card>
      </div>
    </Page>
  )
}
