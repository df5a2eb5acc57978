// SPDX-License-Identifier: Apache-2.0
import { Activity, Boxes, ChevronsUpDown, FolderKanban, KeyRound, LayoutDashboard, Link2, Lock, LogOut, Menu, Moon, ScrollText, Server, ShieldCheck, Sun, SunMoon, Terminal, UserRound, Users, UsersRound, type LucideIcon } from 'lucide-react'
import { Dialog, DropdownMenu } from 'radix-ui'
import { Suspense, useEffect, useState, type ReactNode } from 'react'
import { Link, NavLink, Outlet, useLocation } from 'react-router'
import { scope } from '../api/client'
import { administers, signOut, useMay, useSession } from '../lib/session'
import { setTheme, theme, type Theme } from '../lib/theme'
import { Letter } from './letter'
import { Loading } from './page'
import { say, Toasts } from './toast'

type Item = { to: string; name: string; icon: LucideIcon; needs: string; end?: boolean }
type Group = { name?: string; to?: string; icon?: LucideIcon; items: Item[] }
const menu: Group[] = [
  { items: [
    { to: '/dashboard', name: 'Dashboard', icon: LayoutDashboard, needs: 'projects:read', end: true },
    { to: '/dashboard/playground', name: 'Playground', icon: Terminal, needs: 'tools:read' },
  ] },
  { items: [
    { to: '/dashboard/projects', name: 'Projects', icon: FolderKanban, needs: 'projects:read' },
    { to: '/dashboard/members', name: 'Members', icon: UsersRound, needs: 'members:read' },
    { to: '/dashboard/tools', name: 'Tool Catalog', icon: Boxes, needs: 'tools:read' },
  ] },
  { items: [
    { to: '/dashboard/servers', name: 'Servers', icon: Server, needs: 'workers:read' },
    { to: '/dashboard/auth/secrets', name: 'Secrets', icon: Lock, needs: 'secrets:read' },
  ] },
  { name: 'Connections', to: '/dashboard/auth/oauth', items: [
    { to: '/dashboard/auth/oauth', name: 'Connected Apps', icon: Link2, needs: 'providers:read' },
    { to: '/dashboard/auth/connections', name: 'Connected Users', icon: Users, needs: 'connections:read' },
    { to: '/dashboard/auth/authorizations', name: 'Authorizations', icon: Activity, needs: 'authorizations:read' },
    { to: '/dashboard/auth/settings', name: 'User Verification', icon: ShieldCheck, needs: 'settings:read' },
  ] },
  { items: [
    { to: '/dashboard/audit-logs', name: 'Audit Logs', icon: ScrollText, needs: 'events:read' },
    { to: '/dashboard/api-keys', name: 'API Keys', icon: KeyRound, needs: 'keys:read' },
  ] },
]

function Nav() {
  const may = useMay()
  if (!may('projects:read')) return null
  return (
    <nav aria-label="Main">
      {menu.map((g, i) => {
        const items = g.items.filter((x) => may(x.needs))
        return items.length > 0 && (
          <div className="group" key={i}>
            {g.name && <Link className="heading" to={g.to ?? '/dashboard'}>{g.name}</Link>}
            <ul>{items.map(({ to, name, icon: Icon, end }) => <li key={to}><NavLink to={to} end={end ?? false}><Icon aria-hidden="true" />{name}</NavLink></li>)}</ul>
          </div>
        )
      })}
    </nav>
  )
}

// The menus stand where they are opened, inside the side bar's landmark, not at the page's end.
function ProjectSwitch() {
  const s = useSession()
  const others = s.projects.filter((p) => administers(p.role)) // elsewhere there is nothing to switch to
  const now = s.projects.find((p) => p.id === s.project_id)
  const name = now?.name ?? 'Project'
  const change = (id: string) => { scope.set(id); location.assign('/dashboard') }
  if (others.length === 0) return null
  if (others.length === 1) return <Link className="switch" to="/dashboard/projects"><ProjectSign p={now} /><span>{name}</span></Link>
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className="switch" ><ProjectSign p={now} /><span><span className="visually-hidden">Project </span>{name}</span><ChevronsUpDown aria-hidden="true" /></DropdownMenu.Trigger>
      <DropdownMenu.Content className="menu" align="start" sideOffset={6}>
        <DropdownMenu.Label>Projects</DropdownMenu.Label>
        <DropdownMenu.RadioGroup value={s.project_id} onValueChange={change}>
          {others.map((p) => <DropdownMenu.RadioItem key={p.id} value={p.id}><ProjectSign p={p} /><span>{p.name}</span></DropdownMenu.RadioItem>)}
        </DropdownMenu.RadioGroup>
      </DropdownMenu.Content>
    </DropdownMenu.Root>
  )
}
export function ProjectSign({ p }: { p: { name: string; logo_url?: string | null; color?: string | null } | undefined }) {
  return p?.logo_url ? <img className="letter" src={p.logo_url} alt="" /> : <Letter name={p?.name ?? '?'} color={p?.color} />
}

const themes: [Theme, string, LucideIcon][] = [['light', 'Light', Sun], ['dark', 'Dark', Moon], ['system', 'As the system', SunMoon]]
function UserMenu() {
  const { email, role } = useSession()
  const [t, setT] = useState(theme)
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className="switch user" >
        <UserRound aria-hidden="true" /><span><span className="visually-hidden">Account </span><b>{email}</b><small>{role}</small></span><ChevronsUpDown aria-hidden="true" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Content className="menu" align="start" side="top" sideOffset={6}>
        <DropdownMenu.Label>Appearance</DropdownMenu.Label>
        <DropdownMenu.RadioGroup value={t} onValueChange={(v) => { setTheme(v as Theme); setT(v as Theme) }}>
          {themes.map(([v, name, Icon]) => <DropdownMenu.RadioItem key={v} value={v}><Icon aria-hidden="true" />{name}</DropdownMenu.RadioItem>)}
        </DropdownMenu.RadioGroup>
        <DropdownMenu.Separator />
        <DropdownMenu.Item asChild><Link to="/dashboard/account"><UserRound aria-hidden="true" />Your account</Link></DropdownMenu.Item>
        <DropdownMenu.Item onSelect={() => { signOut().catch((e: Error) => say(e.message, 'bad')) }}><LogOut aria-hidden="true" />Sign out</DropdownMenu.Item>
      </DropdownMenu.Content>
    </DropdownMenu.Root>
  )
}

function Brand() {
  return <Link className="brand" to="/dashboard"><img src="/assets/tb.svg" alt="" width="24" height="24" />Tokenbooth</Link>
}
function Side({ children }: { children?: ReactNode }) {
  return <><div className="sidetop"><Brand />{children}</div><ProjectSwitch /><Nav /><UserMenu /></>
}

export function Shell({ banner }: { banner: ReactNode }) {
  const [open, setOpen] = useState(false)
  const { key } = useLocation()
  useEffect(() => setOpen(false), [key])
  return (
    <div className="shell">
      <a className="skip" href="#main">Skip to content</a>
      <aside className="side" aria-label="Sidebar"><Side /></aside>
      <header className="topbar">
        <Dialog.Root open={open} onOpenChange={setOpen}>
          <Dialog.Trigger className="button ghost icon" aria-label="Menu"><Menu aria-hidden="true" /></Dialog.Trigger>
          <Dialog.Portal>
            <Dialog.Overlay className="overlay" />
            <Dialog.Content className="side drawer" aria-describedby={undefined}>
              <Dialog.Title className="visually-hidden">Menu</Dialog.Title>
              <Side />
            </Dialog.Content>
          </Dialog.Portal>
        </Dialog.Root>
        <Brand />
      </header>
      {banner}
      <main id="main"><Suspense fallback={<Loading />}><Outlet /></Suspense></main>
      <Toasts />
    </div>
  )
}
