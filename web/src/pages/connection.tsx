// SPDX-License-Identifier: Apache-2.0
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useParams } from 'react-router'
import { api, must, mustWith } from '../api/client'
import { useMay } from '../lib/session'
import { Button } from '../ui/button'
import { Confirm } from '../ui/dialog'
import { Card, Code, Facts, Loading, Note, Page, Time, Waiting, Wrong } from '../ui/page'
import { Timeline, words } from '../ui/timeline'
import { ConnectionState, connectionsKey, Scopes } from './connections'
import { useProviderOfApp } from './providers'

const asking = 'Asking the provider to revoke the tokens; this may take a minute, and goes on when you leave.'
/** What a disconnect did at the provider, told by its header. */
export const revocations: Record<string, { tone: 'good' | 'warn' | 'info'; text: string }> = {
  done: { tone: 'good', text: 'Disconnected, and the provider has revoked the tokens.' },
  queued: { tone: 'warn', text: 'Disconnected here. The provider could not be asked just now to revoke the tokens; it is asked again for 24 hours.' },
  kept: { tone: 'info', text: 'Disconnected here. The tokens were not revoked at the provider: mostly because that would also end another connection of the same account. The audit log says why.' },
  unsupported: { tone: 'info', text: 'Disconnected here, and the tokens are wiped. This provider has no way to revoke them; the user can remove the app in the account’s settings there.' },
}

/** What the provider tells of its user: in words where it is a plain list of them, whole to be copied. */
function UserInfo({ info }: { info: unknown }) {
  const said = typeof info === 'object' && info !== null && !Array.isArray(info) ? Object.entries(info) : []
  const plain = said.filter(([, v]) => typeof v === 'string' || typeof v === 'number' || typeof v === 'boolean').slice(0, 12)
  const whole = <Code text={JSON.stringify(info, null, 2)} what="user info" />
  if (plain.length === 0) return whole
  return <div className="stack"><Facts rows={plain.map(([k, v]) => [words(k), typeof v === 'boolean' ? (v ? 'Yes' : 'No') : String(v)])} /><details><summary>As the provider answers</summary>{whole}</details></div>
}

export default function ConnectionPage() {
  const { id = '' } = useParams()
  const may = useMay()
  const cache = useQueryClient()
  const providerOf = useProviderOfApp()
  const [gone, setGone] = useState<string | null>(null)
  const [leaving, setLeaving] = useState(false)
  const q = useQuery({ queryKey: [...connectionsKey, 'one', id], queryFn: () => must(api.GET('/tb/v1/connections/{id}', { params: { path: { id } } })), enabled: gone === null })
  const back = { to: '/dashboard/auth/connections', label: 'Connected Users' }
  if (!q.data) return <Page title="Connection" back={back}>{q.error ? <Wrong error={q.error} retry={() => { void q.refetch() }} /> : <Loading />}</Page>
  const c = q.data
  const disconnect = async () => {
    setLeaving(true)
    try {
      const { header } = await mustWith(api.DELETE('/v1/admin/user_connections/{id}', { params: { path: { id } } }), 'Tokenbooth-Revocation')
      setGone(header ?? 'done')
    } finally { setLeaving(false) }
    void cache.invalidateQueries({ queryKey: connectionsKey, predicate: (x) => x.queryKey[1] !== 'one' })
  }
  const result = gone === null ? null : revocations[gone] ?? { tone: 'info' as const, text: `Disconnected. The provider: ${gone}.` }
  return (
    <Page title={c.user_id ?? id} about={`${providerOf(c.provider_id) ?? 'Connected'} through ${c.provider_id}`} back={back} badge={gone === null && <ConnectionState c={c} />}
      action={may('connections:delete') && gone === null && <Confirm trigger={<Button>Disconnect</Button>} title={`Disconnect ${c.user_id}?`} action="Disconnect" run={disconnect} waiting={asking}
        about={<p>The tokens are wiped here and revoked at the provider where it offers that. Your app gets a new link at its next call.</p>} />}>
      <div className="stack">
        {leaving && <Waiting>{asking}</Waiting>}
        {result && <Note tone={result.tone}>{result.text}</Note>}
        {gone === null && c.cause && <Note tone="bad"><p>{c.cause}</p>{c.fix && <p><b>How to mend it:</b> {c.fix}</p>}</Note>}
        <Card>
          <Facts rows={[['Scopes', <Scopes scopes={c.scopes} />], ['Token expires', c.expires_at ? <Time at={c.expires_at} /> : 'Not told'], ['Last used', <Time at={c.last_used_at} />],
            ['Connected', <Time at={c.created_at} />], ['Changed', <Time at={c.updated_at} />], ['Connection', <code>{c.connection_id ?? c.id}</code>]]} />
        </Card>
        {c.provider_user_info != null && <Card title="Who this is at the provider"><UserInfo info={c.provider_user_info} /></Card>}
        <Card title="Timeline"><Timeline events={c.events} /></Card>
      </div>
    </Page>
  )
}
