// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query'
import { useParams } from 'react-router'
import { api, must } from '../api/client'
import { Badge, Card, Facts, Loading, Note, Page, Time, Wrong } from '../ui/page'
import { Timeline, words } from '../ui/timeline'
import { authorizationTone } from './authorizations'
import { Scopes } from './connections'

export default function AuthorizationPage() {
  const { id = '' } = useParams()
  const q = useQuery({ queryKey: ['authorizations', 'one', id], queryFn: () => must(api.GET('/tb/v1/authorizations/{id}', { params: { path: { id } } })), refetchInterval: (s) => s.state.data?.status === 'pending' ? 3000 : false })
  const back = { to: '/dashboard/auth/authorizations', label: 'Authorizations' }
  if (!q.data) return <Page title="Authorization" back={back}>{q.error ? <Wrong error={q.error} retry={() => { void q.refetch() }} /> : <Loading />}</Page>
  const a = q.data
  return (
    <Page title={a.user_id} about={<>Asked for a token of <b>{a.provider_id}</b></>} back={back} badge={<Badge tone={authorizationTone[a.status]}>{words(a.status)}</Badge>}>
      <div className="stack">
        {a.reason && <Note tone="bad"><p><b>{words(a.reason.code)}.</b> {a.reason.cause}</p><p><b>How to mend it:</b> {a.reason.fix}</p></Note>}
        <Card><Facts rows={[['Scopes', <Scopes scopes={a.scopes} />], ['Asked', <Time at={a.created_at} />], [a.status === 'pending' ? 'Link is good until' : 'Ended', <Time at={a.status === 'pending' ? a.expires_at : a.ended_at} />], ['Authorization', <code>{a.id}</code>]]} /></Card>
        <Card title="Timeline" about="What was asked and answered, with everything secret taken out."><Timeline events={a.events} /></Card>
      </div>
    </Page>
  )
}
