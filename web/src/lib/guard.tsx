// SPDX-License-Identifier: Apache-2.0
// Acts on a thing as it was seen.  If somebody changed it meanwhile the engine refuses (412), and both versions are shown before it
// is done all the same.
import { useState } from 'react'
import { ifMatch, Problem } from '../api/client'
import type { Version } from './form'

export type Seen = { etag: string; words: Version }
type Act = (match: Record<string, string>) => Promise<unknown>
export type Clash = { why: string; was: Version; now: Seen; act: Act }

/** `seen`: what the page shows; `again`: the same, read anew. */
export function useGuard(seen: Seen | undefined, again: (() => Promise<Seen>) | undefined) {
  const [clash, setClash] = useState<Clash | null>(null)
  /** True when it was done, false when it has to be asked first. */
  const run = async (act: Act, at: Seen | undefined = seen) => {
    try {
      await act(at ? ifMatch(at.etag) : {})
      setClash(null)
      return true
    } catch (e) {
      if (!(e instanceof Problem) || e.status !== 412 || !again) throw e
      setClash({ why: e.message, was: at?.words ?? {}, now: await again(), act })
      return false
    }
  }
  return { run, clash, anyway: () => clash ? run(clash.act, clash.now) : Promise.resolve(true), forget: () => setClash(null) }
}
export type Guard = ReturnType<typeof useGuard>
