// SPDX-License-Identifier: Apache-2.0
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { Component, lazy, useEffect, useState, useSyncExternalStore, type ComponentType, type ReactNode } from 'react'
import { BrowserRouter, Navigate, Route, Routes } from 'react-router'
import { knock, link, Problem } from './api/client'
import { administers, SessionProvider, signOut, useSession, useSessionQuery } from './lib/session'
import { routes, type Route as Path } from './routes'
import { Button, ButtonLink } from './ui/button'
import { Loading, Note, Page, Wrong } from './ui/page'
import { SessionEnded } from './ui/session_ended'
import { Shell } from './ui/shell'
import { say } from './ui/toast'

const Playground = lazy(() => import('./pages/playground'))
const pages: Record<Path, ComponentType> = {
  '': lazy(() => import('./pages/home')),
  playground: Playground,
  'playground/chat': Playground,
  projects: lazy(() => import('./pages/projects')),
  members: lazy(() => import('./pages/members')),
  tools: lazy(() => import('./pages/tools')),
  'tools/:name': lazy(() => import('./pages/tool')),
  servers: lazy(() => import('./pages/servers')),
  'servers/new': lazy(() => import('./pages/server_new')),
  'servers/:id': lazy(() => import('./pages/server')),
  'auth/secrets': lazy(() => import('./pages/secrets')),
  'auth/oauth': lazy(() => import('./pages/providers')),
  'auth/oauth/new': lazy(() => import('./pages/provider_new')),
  'auth/oauth/:id': lazy(() => import('./pages/provider_edit')),
  'auth/connections': lazy(() => import('./pages/connections')),
  'auth/connections/:id': lazy(() => import('./pages/connection')),
  'auth/authorizations': lazy(() => import('./pages/authorizations')),
  'auth/authorizations/:id': lazy(() => import('./pages/authorization')),
  'auth/settings': lazy(() => import('./pages/verification')),
  'audit-logs': lazy(() => import('./pages/audit')),
  'api-keys': lazy(() => import('./pages/keys')),
  account: lazy(() => import('./pages/account')),
}

// Answers of the engine are final but for a lost connection and a busy engine; what is shown is read again when one comes back to it.
const cache = new QueryClient({ defaultOptions: { queries: {
  staleTime: 5_000, retry: (n, e) => e instanceof Problem && e.status === 503 && n < 3, networkMode: 'always',
}, mutations: { networkMode: 'always' } } })

export function App() {
  return <Guard><QueryClientProvider client={cache}><BrowserRouter><Frame /></BrowserRouter></QueryClientProvider></Guard>
}
function Pages({ banner }: { banner: ReactNode }) {
  const own = administers(useSession().role)
  return (
    <Routes>
      <Route path="/dashboard" element={<Shell banner={banner} />}>
        {routes.map((path) => { const Page = own || path === 'account' ? pages[path] : NothingHere; return path === '' ? <Route key={path} index element={<Page />} /> : <Route key={path} path={path} element={<Page />} /> })}
        <Route path="register" element={<Navigate to="/dashboard" replace />} />
        <Route path="*" element={<Nowhere />} />
      </Route>
    </Routes>
  )
}

function Frame() {
  const state = useSyncExternalStore(link.subscribe, link.get)
  const session = useSessionQuery()
  useEffect(() => {
    if (state.reachable) return
    const t = setInterval(() => { void knock().then((there) => { if (there) void cache.invalidateQueries() }) }, 2000)
    return () => clearInterval(t)
  }, [state.reachable])
  if (session.data) {
    return (
      <SessionProvider value={session.data}>
        <Pages banner={state.reachable ? null : <Lost />} />
        {!state.signedIn && <SessionEnded again={() => { link.signedInAgain(); void cache.invalidateQueries() }} />}
      </SessionProvider>
    )
  }
  if (session.error instanceof Problem && session.error.status === 401) { toSignIn(); return null }
  if (session.error) return <main className="alone"><Wrong error={session.error} retry={() => { void session.refetch() }} /></main>
  return <main className="alone"><Loading rows={2} /></main>
}
function toSignIn() {
  location.replace(`/sign-in?return=${encodeURIComponent(location.pathname + location.search)}`)
}
function Lost() {
  return <div className="lost"><Note tone="bad">The engine cannot be reached. Trying again every two seconds; what you typed stays.</Note></div>
}
function NothingHere() {
  const { email } = useSession()
  const [busy, setBusy] = useState(false)
  const out = () => { setBusy(true); signOut().catch((e: Error) => { setBusy(false); say(e.message, 'bad') }) }
  return (
    <Page title="Nothing to administer here" about={`You are signed in as ${email}. This account may confirm connections of its own; nothing more. An admin of a project can make it a member.`}>
      <div className="actions"><ButtonLink to="/dashboard/account">Your account</ButtonLink><Button busy={busy} onClick={out}>Sign in as somebody else</Button></div>
    </Page>
  )
}
function Nowhere() {
  return <Page title="Not found" about="There is no page at this address."><ButtonLink to="/dashboard">To the dashboard</ButtonLink></Page>
}
/** After an upgrade of the engine a page's file may be gone: then the address is simply loaded anew, once. */
class Guard extends Component<{ children: ReactNode }, { words: string | null }> {
  override state = { words: null as string | null }
  static getDerivedStateFromError(e: unknown) { return { words: e instanceof Error ? e.message : String(e) } }
  override componentDidCatch(e: unknown) {
    if (!/dynamically imported module/.test(String(e)) || sessionStorage.getItem('tb.reloaded') === location.pathname) return
    sessionStorage.setItem('tb.reloaded', location.pathname)
    location.reload()
  }
  override render() {
    if (this.state.words === null) return this.props.children
    return <main className="alone"><h1>This page broke</h1><Note tone="bad">{this.state.words}</Note><Button onClick={() => location.reload()}>Load it again</Button></main>
  }
}
