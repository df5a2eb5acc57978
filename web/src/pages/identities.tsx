// SPDX-License-Identifier: Apache-2.0
// The issuers that one signs in with.  Where engine.yaml names none and none was linked, there is nothing to say.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { ExternalLink } from 'lucide-react'
import { api, must, type Schemas } from '../api/client'
import { useSession } from '../lib/session'
import { Button } from '../ui/button'
import { Confirm } from '../ui/dialog'
import { Badge, Card, Loading, Time, Wrong } from '../ui/page'
import { say } from '../ui/toast'

const key = ['identities']
export function Identities() {
  const { email } = useSession()
  const q = useQuery({ queryKey: key, queryFn: () => must(api.GET('/tb/v1/identities')) })
  if (!q.data) return <Card title="Sign-in with issuers">{q.error ? <Wrong error={q.error} retry={() => { void q.refetch() }} /> : <Loading rows={1} />}</Card>
  const others = q.data.issuers.filter((i) => !i.linked)
  if (q.data.items.length === 0 && others.length === 0) return null
  return (
    <Card title="Sign-in with issuers" about="Each of these leads into this account.">
      <div className="stack">
        {q.data.items.length > 0 && <ul className="plainlist">{q.data.items.map((i) => (
          <li key={i.id}><span><b>{i.name ?? i.issuer}</b>{!i.name && <> <Badge tone="warn">Not in engine.yaml any more</Badge></>}<small>{i.name && `${i.issuer} · `}{i.subject}</small></span><span className="soft">linked <Time at={i.created_at} /></span><Unlink i={i} /></li>
        ))}</ul>}
        {others.length > 0 && <>
          <p className="hint">To link another, sign in with it now; it has to know you as {email}.</p>
          <div className="actions">{others.map((i) => <a key={i.id} className="button plain" href={`/sign-in/oidc/${encodeURIComponent(i.id)}?return=%2Fdashboard%2Faccount`}>Link {i.name}<ExternalLink aria-hidden="true" /></a>)}</div>
        </>}
      </div>
    </Card>
  )
}
function Unlink({ i }: { i: Schemas['Identity'] }) {
  const cache = useQueryClient()
  const name = i.name ?? i.issuer
  const run = async () => { await must(api.DELETE('/tb/v1/identities/{id}', { params: { path: { id: i.id } } })); void cache.invalidateQueries({ queryKey: key }); say(`${name} is unlinked`) }
  return <Confirm trigger={<Button kind="ghost" aria-label={`Unlink ${name}`}>Unlink</Button>} title={`Unlink ${name}?`} action="Unlink" run={run} about={<p>It leads into this account no more. Sessions that are open go on: sign out everywhere to end them.</p>} />
}
