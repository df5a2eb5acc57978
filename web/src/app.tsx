// SPDX-License-Identifier: Apache-2.0
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { Component, lazy, useEffect, useSyncExternalStore, type ReactNode } from 'react'
import { BrowserRouter, Navigate, Route, Routes } from 'react-router'
import { knock, link, Problem } from './api/client'
import { SessionProvider, useSession, useSessionQuery } from './lib/session'
import { Button, ButtonLink } from './ui/button'
import { Loading, Note, Page, Wrong } from './ui/page'
import { SessionEnded } from './ui/session_ended'
import { Shell } from './ui/shell'

const Home = lazy(() => import('./pages/home'))
const Playground = lazy(() => import('./pages/playground'))
const Projects = lazy(() => import('./pages/projects'))
const Members = lazy(() => import('./pages/members'))
const Tools = lazy(() => import('./pages/tools'))
const Tool = lazy(() => import('./pages/tool'))
const Servers = lazy(() => import('./pages/servers'))
const ServerNew = lazy(() => import('./pages/server_new'))
const ServerPage = lazy(() => import('./pages/server'))
const Secrets = lazy(() => import('./pages/secrets'))
const Providers = lazy(() => import('./pages/providers'))
const ProviderNew = lazy(() => import('./pages/provider_new'))
const ProviderEdit = lazy(() => import('./pages/provider_edit'))
const Connections = lazy(() => import('./pages/connections'))
const ConnectionPage = lazy(() => import('./pages/connection'))
const Authorizations = lazy(() => import('./pages/authorizations'))
const AuthorizationPage = lazy(() => import('./pages/authorization'))
const Verification = lazy(() => import('./pages/verification'))
const Audit = lazy(() => import('./pages/audit'))
const Keys = lazy(() => import('./pages/keys'))
const Account = lazy(() => import('./pages/account'))

// Answers of the engine are final but for a lost connection and a busy engine; what is shown is read again when one comes back to it.
const cache = new QueryClient({ defaultOptions: { queries: {
  staleTime: 5_000, retry: (n, e) => e instanceof Problem && e.status === 503 && n < 3, networkMode: 'always',
}, mutations: { networkMode: 'always' } } })

export function App() {
  return <Guard><QueryClientProvider client={cache}><BrowserRouter><Frame /></BrowserRouter></QueryClientProvider></Guard>
}
function Pages({ banner }: { banner: ReactNode }) {
  return (
    <Routes>
      <Route path="/dashboard" element={<Shell banner={banner} />}>
        <Route index element={<Home />} />
        <Route path="playground" element={<Playground />} />
        <Route path="playground/chat" element={<Playground />} />
        <Route path="projects" element={<Projects />} />
        <Route path="members" element={<Members />} />
        <Route path="tools" element={<Tools />} />
        <Route path="tools/:name" element={<Tool />} />
        <Route path="servers" element={<Servers />} />
        <Route path="servers/new" element={<ServerNew />} />
        <Route path="servers/:id" element={<ServerPage />} />
        <Route path="auth/secrets" element={<Secrets />} />
        <Route path="auth/oauth" element={<Providers />} />
        <Route path="auth/oauth/new" element={<ProviderNew />} />
        <Route path="auth/oauth/:id" element={<ProviderEdit />} />
        <Route path="auth/connections" element={<Connections />} />
        <Route path="auth/connections/:id" element={<ConnectionPage />} />
        <Route path="auth/authorizations" element={<Authorizations />} />
        <Route path="auth/authorizations/:id" element={<AuthorizationPage />} />
        <Route path="auth/settings" element={<Verification />} />
        <Route path="audit-logs" element={<Audit />} />
        <Route path="api-keys" element={<Keys />} />
        <Route path="account" element={<Account />} />
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
        {session.data.role === 'none' || session.data.role === 'verify' ? <NothingHere /> : <Pages banner={state.reachable ? null : <Lost />} />}
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
  return (
    <main className="alone">
      <h1>Nothing to administer here</h1>
      <p>You are signed in as {email}. This account may confirm connections of its own; nothing more. An admin of a project can make it a member.</p>
      <form method="get" action="/sign-in"><Button type="submit">Sign in as somebody else</Button></form>
    </main>
  )
}
function Nowhere() {
  return <Page title="Not found"><p>There is no page at this address.</p><ButtonLink to="/dashboard">To the dashboard</ButtonLink></Page>
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
