// SPDX-License-Identifier: Apache-2.0
// The story of an authorization or a connection: each step with its time, what was asked and answered (the engine has redacted it),
// and at a failure its cause and how to mend it.
import type { Schemas } from '../api/client'
import { clock, full } from '../lib/time'
import { Badge } from './page'

type Step = Schemas['AuthorizationEvent']
export function tone(outcome: string | null | undefined): 'good' | 'bad' | 'warn' | 'none' {
  if (!outcome) return 'none'
  if (/^(ok|done|passed|completed|success)/.test(outcome)) return 'good'
  return /^(wait|retry|queued|kept|pending|uncertain|skipped|unsupported)/.test(outcome) ? 'warn' : 'bad'
}
/** "token_exchanged" → "Token exchanged". */
export function words(s: string | null | undefined) {
  const t = (s ?? '').replaceAll(/[_.]+/g, ' ').trim()
  return t.charAt(0).toUpperCase() + t.slice(1)
}
function shown(v: unknown): string {
  if (Array.isArray(v)) return v.map(shown).join(', ')
  return typeof v === 'string' || typeof v === 'number' || typeof v === 'boolean' ? String(v) : JSON.stringify(v)
}

export function Timeline({ events }: { events: Step[] }) {
  if (events.length === 0) return <p className="hint">No step of this is recorded. Steps are kept for 90 days.</p>
  let day = ''
  return (
    <ol className="timeline">
      {events.map((e, i) => {
        const date = full(e.at).replace(/,.*/, '')
        const head = date === day ? null : date
        day = date
        const data = Object.entries(e.data ?? {}).filter(([k, v]) => v !== null && v !== '' && k !== 'cause' && k !== 'fix')
        return (
          <li key={i} className={tone(e.outcome)}>
            {head && <p className="day">{head}</p>}
            <div className="step">
              <time dateTime={e.at} title={full(e.at)}>{clock(e.at)}</time>
              <b>{words(e.step)}</b>
              {e.outcome && <Badge tone={tone(e.outcome)}>{words(e.outcome)}</Badge>}
            </div>
            {(e.cause || e.fix) && e.cause !== events[i - 1]?.cause && <div className="why">{e.cause && <p>{e.cause}</p>}{e.fix && <p><b>How to mend it:</b> {e.fix}</p>}</div>}
            {data.length > 0 && <dl>{data.map(([k, v]) => <div key={k}><dt>{words(k)}</dt><dd>{shown(v)}</dd></div>)}</dl>}
          </li>
        )
      })}
    </ol>
  )
}
