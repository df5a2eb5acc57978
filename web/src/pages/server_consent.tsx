// SPDX-License-Identifier: Apache-2.0
// A remote MCP server behind OAuth tells its tools only to somebody who has agreed there: whoever added it goes first.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ExternalLink } from 'lucide-react'
import { useState } from 'react'
import { api, must } from '../api/client'
import { useSession } from '../lib/session'
import { Button } from '../ui/button'
import { Check } from '../ui/field'
import { Card, Waiting, Wrong } from '../ui/page'
import { workersKey, type Worker } from './servers'

export function ServerConsent({ w }: { w: Worker }) {
  const id = w.id ?? ''
  const { email } = useSession()
  const cache = useQueryClient()
  const [chosen, setChosen] = useState<string[] | null>(null) // null: what the server asks for
  const ask = (scopes: string[] | null) => must(api.GET('/v1/workers/{id}/authorize', { params: { path: { id }, query: { user_id: email, ...(scopes && scopes.length > 0 && { scopes: scopes.join(' ') }) } } }))
  const begin = useMutation({ mutationFn: ask })
  const waiting = begin.data?.status === 'pending'
  // While the consent is open elsewhere: has it come?  Then the server is asked once more, and its tools are read.
  useQuery({
    queryKey: [...workersKey, 'consent', id], enabled: waiting, refetchInterval: 2000, refetchIntervalInBackground: true, gcTime: 0,
    queryFn: async () => {
      const now = await must(api.GET('/v1/workers/{id}', { params: { path: { id } } }))
      if (now.requirements?.authorization?.met !== true) return false
      await ask(chosen)
      void cache.invalidateQueries({ queryKey: ['tools'] })
      cache.setQueryData([...workersKey, 'one', id], now)
      return true
    },
  })
  const offered = [...new Set([...(w.mcp?.oauth2?.supported_scopes ?? []), ...(begin.data?.scopes ?? [])])]
  const on = (scope: string) => (chosen ?? begin.data?.scopes ?? []).includes(scope)
  const toggle = (scope: string) => {
    const next = offered.filter((s) => s === scope ? !on(s) : on(s))
    setChosen(next); begin.mutate(next)
  }
  return (
    <Card title="This server asks who is there" about="It is behind OAuth. Agree there once with an account of yours: then its tools are read. Each of your users is asked for a consent of his own.">
      <div className="fields" aria-live="polite">
        {begin.error && <Wrong error={begin.error} />}
        {begin.data && offered.length > 0 && (
          <fieldset className="plain"><legend className="hint">What is asked for</legend>{offered.map((s) => <Check key={s} label={s} checked={on(s)} onChange={() => toggle(s)} />)}</fieldset>
        )}
        <div className="actions">
          {waiting && begin.data?.url ? <>
            <a className="button primary" href={begin.data.url} target="_blank" rel="noreferrer" aria-busy={begin.isPending || undefined}>Agree at the server<ExternalLink aria-hidden="true" /></a>
            <Waiting>Waiting for the consent</Waiting>
          </> : <Button kind="primary" busy={begin.isPending} onClick={() => begin.mutate(chosen)}>Authorize</Button>}
        </div>
      </div>
    </Card>
  )
}
