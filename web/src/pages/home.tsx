// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query'
import { CircleCheck } from 'lucide-react'
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import { api, must, type Schemas } from '../api/client'
import { Badge, Card, Code, Loading, Note, Page, Wrong } from '../ui/page'

type Overview = Schemas['Overview']
const n = new Intl.NumberFormat('en')

export default function Home() {
  const q = useQuery({ queryKey: ['overview'], queryFn: () => must(api.GET('/tb/v1/overview')), refetchInterval: 10_000 })
  if (!q.data) return <Page title="Dashboard">{q.error ? <Wrong error={q.error} retry={() => { void q.refetch() }} /> : <Loading />}</Page>
  const o = q.data
  return (
    <Page title="Dashboard" about={o.project.name} badge={o.health.healthy ? <Badge tone="good">Healthy</Badge> : <Badge tone="bad">Unhealthy</Badge>}>
      <div className="stack">
        {!o.health.healthy && <Note tone="bad">{o.health.reason}</Note>}
        <Tiles o={o} />
        <Steps o={o} />
      </div>
    </Page>
  )
}

function Tile({ to, label, value, under }: { to: string; label: string; value: number | null | undefined; under?: ReactNode }) {
  if (value === null || value === undefined) return null
  return <Link className="tile" to={to}><span>{label}</span><b>{n.format(value)}</b>{under && <small>{under}</small>}</Link>
}
function Tiles({ o }: { o: Overview }) {
  const c = o.counts
  const bad = (count: number | null | undefined, words: string) => count ? <Badge tone="bad">{n.format(count)} {words}</Badge> : undefined
  return (
    <div className="tiles">
      <Tile to="/dashboard/auth/connections" label="Connected users" value={c.connections_active} under={bad(c.connections_expired, 'expired')} />
      <Tile to="/dashboard/auth/authorizations" label="Open authorizations" value={c.authorizations_pending} under={bad(c.authorizations_failed_24h, 'failed in 24 h')} />
      <Tile to="/dashboard/playground" label="Tool calls in 24 h" value={c.executions_24h} under={bad(c.executions_failed_24h, 'failed')} />
      <Tile to="/dashboard/auth/oauth" label="Connected apps" value={c.providers} />
      <Tile to="/dashboard/servers" label="Servers" value={c.workers} />
      <Tile to="/dashboard/tools" label="Tools" value={c.tools} />
      <Tile to="/dashboard/auth/secrets" label="Secrets" value={c.secrets} />
      <Tile to="/dashboard/api-keys" label="API keys" value={c.api_keys} />
    </div>
  )
}

type Step = { title: string; about: ReactNode; to: string; link: string; code?: string }
function steps(o: Overview): Record<string, Step> {
  return {
    api_key: { title: 'Make an API key', about: 'Your app shows it to the engine.', to: '/dashboard/api-keys', link: 'API Keys', code: `export ARCADE_BASE_URL=${o.public_url}\nexport ARCADE_API_KEY=arc_…` },
    provider: { title: 'Connect an OAuth app', about: 'Discord, Google, GitHub and many more are included.', to: '/dashboard/auth/oauth/new', link: 'Add OAuth Provider' },
    authorization: { title: 'Ask for a user’s token', about: 'The first time, the answer is a link for the user.', to: '/dashboard/auth/authorizations', link: 'Authorizations', code: 'auth = client.auth.start(user_id="alice@example.com", provider="discord", scopes=["identify"])\nprint(auth.url)' },
    connection: { title: 'Let the user agree', about: 'After the consent, every call gets a fresh token.', to: '/dashboard/auth/connections', link: 'Connected Users' },
    worker: { title: 'Add a tool server', about: 'Its tools run with the user’s token, and only there.', to: '/dashboard/servers/new', link: 'Add Server' },
    tool_run: { title: 'Run a tool', about: 'Try one here before your agent does.', to: '/dashboard/playground', link: 'Playground' },
  }
}
function Steps({ o }: { o: Overview }) {
  const all = steps(o)
  const rows = o.first_steps.flatMap((s) => { const words = all[s.id]; return words ? [{ ...words, ...s }] : [] })
  const next = rows.find((r) => !r.done)
  if (!next) return null
  const done = rows.filter((r) => r.done).length
  return (
    <Card title="First steps" about={`${done} of ${rows.length} done`}>
      <ol className="steps">{rows.map((r) => (
        <li key={r.id} className={r.done ? 'done' : r === next ? 'next' : ''}>
          <span className="mark">{r.done ? <CircleCheck aria-label="Done" /> : <span aria-hidden="true" />}</span>
          <div>
            <h3>{r.title}</h3>
            {!r.done && <p>{r.about} <Link to={r.to}>{r.link}</Link></p>}
            {r === next && r.code && <Code text={r.code} what="code" />}
          </div>
        </li>
      ))}</ol>
    </Card>
  )
}
