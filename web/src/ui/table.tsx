// SPDX-License-Identifier: Apache-2.0
// Lists that page and search on the server.  Where one is stands in the address, so that it can be sent, reloaded and gone back to.
import { ChevronLeft, ChevronRight, Search } from 'lucide-react'
import { useEffect, useState, type ReactNode } from 'react'
import { useSearchParams } from 'react-router'
import { Button } from './button'
import { Loading, Wrong } from './page'

export const PAGE = 25
/** Search words, filters and page of a list, kept in the address. */
export function useListState() {
  const [params, setParams] = useSearchParams()
  const page = Math.max(1, Number(params.get('page')) || 1)
  const set = (name: string, value: string) => setParams((old) => {
    const next = new URLSearchParams(old)
    if (value) next.set(name, value); else next.delete(name)
    if (name !== 'page') next.delete('page')
    return next
  }, { replace: true })
  // One change: the address is not written at once, so a second one in the same turn would begin from the old address.
  const clear = () => setParams({}, { replace: true })
  return { clear, get: (name: string) => params.get(name) ?? '', set, page, offset: (page - 1) * PAGE, any: [...params.keys()].some((k) => k !== 'page') }
}
export type ListState = ReturnType<typeof useListState>

export function SearchBox({ list, label }: { list: ListState; label: string }) {
  const [text, setText] = useState(list.get('q'))
  const asked = list.get('q')
  useEffect(() => { setText(asked) }, [asked])
  useEffect(() => {
    if (text === asked) return
    const at = location.pathname // one may have gone to another page by then, which is still on its way
    const t = setTimeout(() => { if (location.pathname === at) list.set('q', text.trim()) }, 250)
    return () => clearTimeout(t)
  }, [text])
  return (
    <div className="search">
      <Search aria-hidden="true" />
      <input type="search" aria-label={label} placeholder={label} value={text} maxLength={200} onChange={(e) => setText(e.target.value)} autoComplete="off" spellCheck={false} />
    </div>
  )
}
export function Filter({ list, name, label, all, options }: { list: ListState; name: string; label: string; all: string; options: (string | [string, string])[] }) {
  return (
    <span className="select">
      <select aria-label={label} value={list.get(name)} onChange={(e) => list.set(name, e.target.value)}>
        <option value="">{all}</option>
        {options.map((o) => { const [v, t] = typeof o === 'string' ? [o, o] : o; return <option key={v} value={v}>{t}</option> })}
      </select>
    </span>
  )
}

export type Column<T> = { head: string; cell: (row: T) => ReactNode; className?: string }
type Query<T> = { data: { items: T[]; total_count: number } | undefined; error: Error | null; isPending: boolean; isPlaceholderData: boolean; refetch: () => unknown }
type Props<T> = { label: string; query: Query<T>; columns: Column<T>[]; id: (row: T) => string; list?: ListState; empty: ReactNode; tools?: ReactNode }

export function Table<T>({ label, query, columns, id, list, empty, tools }: Props<T>) {
  const { data } = query
  const searching = list?.any ?? false
  const nothing = data?.items.length === 0 && data.total_count === 0
  const bar = tools && (!nothing || searching) && <div className="tools">{tools}</div>
  if (query.error && !data) return <Wrong error={query.error} retry={() => { void query.refetch() }} />
  if (!data) return <>{bar}<Loading /></>
  if (nothing && !searching) return <>{empty}</>
  return (
    <>
      {bar}
      {data.items.length === 0 && !nothing ? <p className="nomatch">Nothing is on this page. <Button kind="ghost" onClick={() => list?.set('page', '')}>To the first page</Button></p> : nothing ? <p className="nomatch">Nothing matches. <Button kind="ghost" onClick={() => list?.clear()}>Clear the filters</Button></p> : (
        <div className={`tablebox${query.isPlaceholderData ? ' stale' : ''}`} role="region" aria-label={label} tabIndex={0}>
          <table>
            <thead><tr>{columns.map((c) => <th key={c.head} scope="col" className={c.className}>{c.head === 'Actions' ? <span className="visually-hidden">Actions</span> : c.head}</th>)}</tr></thead>
            <tbody>{data.items.map((row) => <tr key={id(row)}>{columns.map((c) => <td key={c.head} className={c.className} data-head={c.head}>{c.cell(row)}</td>)}</tr>)}</tbody>
          </table>
        </div>
      )}
      {list && data.total_count > PAGE && data.items.length > 0 && <Pager list={list} total={data.total_count} />}
    </>
  )
}
function Pager({ list, total }: { list: ListState; total: number }) {
  const last = Math.ceil(total / PAGE)
  const n = new Intl.NumberFormat('en')
  return (
    <nav className="pager" aria-label="Pages">
      <span>{n.format(list.offset + 1)}–{n.format(Math.min(total, list.offset + PAGE))} of {n.format(total)}</span>
      <Button onClick={() => list.set('page', String(list.page - 1))} disabled={list.page <= 1}><ChevronLeft aria-hidden="true" />Previous</Button>
      <span>Page {n.format(list.page)} of {n.format(last)}</span>
      <Button onClick={() => list.set('page', String(list.page + 1))} disabled={list.page >= last}>Next<ChevronRight aria-hidden="true" /></Button>
    </nav>
  )
}
