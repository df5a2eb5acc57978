// SPDX-License-Identifier: Apache-2.0
import { Lock, ShieldCheck } from 'lucide-react'
import { requirements, type Tool } from '../lib/tool'
import { useProviderNames } from '../pages/providers'
import { Badge } from './page'

/** What a tool needs: red where it is missing, quiet where it is there. */
export function Requirements({ t }: { t: Tool }) {
  const nameOf = useProviderNames()
  const r = requirements(t)
  if (!r.provider && r.secrets.length === 0) return <span className="none">None</span>
  return (
    <span className="chips">
      {r.provider && <Badge tone={r.providerOk ? 'none' : 'bad'}><ShieldCheck aria-hidden="true" />{nameOf(r.provider)}{!r.providerOk && <span className="visually-hidden"> (not connected)</span>}</Badge>}
      {r.secrets.map((s) => <Badge key={s.key} tone={s.met ? 'none' : 'bad'}><Lock aria-hidden="true" />{s.key}{!s.met && <span className="visually-hidden"> (missing)</span>}</Badge>)}
    </span>
  )
}
