// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query'
import { createContext, useContext } from 'react'
import { api, must, Problem, rememberSession, scope, type Schemas } from '../api/client'

export type Session = Schemas['Session']
/** A role that may do more than confirm who one is. */
export const administers = (role: Session['role']) => role !== 'none' && role !== 'verify'
/** Of the project this tab is in; when that is none, or one where the person has nothing (more) to administer, of the first where he has. */
export async function readSession(): Promise<Session> {
  let s = await (scope.get() === 'default' ? first() : must(api.GET('/tb/v1/orgs/{org_id}/projects/{project_id}/sessions/current', { params: { path: { org_id: 'default', project_id: scope.get() } } })).catch((e: unknown) => {
    if (e instanceof Problem && (e.status === 403 || e.status === 404)) return first()
    throw e
  }))
  if (!administers(s.role) && scope.get() !== 'default') s = await first()
  rememberSession(s)
  if (s.project_id) scope.set(s.project_id)
  return s
}
const first = () => must(api.GET('/tb/v1/sessions/current'))
export function useSessionQuery() {
  return useQuery({ queryKey: ['session'], queryFn: readSession, staleTime: 60_000 })
}
export async function signOut() {
  await must(api.DELETE('/tb/v1/sessions/current'))
  location.assign('/sign-in')
}
const Signed = createContext<Session | null>(null)
export const SessionProvider = Signed.Provider
export function useSession(): Session {
  const s = useContext(Signed)
  if (!s) throw new Error('no session above')
  return s
}
/** What the role allows; the engine checks it again. */
export function useMay() {
  const { may } = useSession()
  return (action: string) => (may as string[]).includes(action)
}
