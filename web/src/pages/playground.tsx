// SPDX-License-Identifier: Apache-2.0
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { ExternalLink, Terminal } from 'lucide-react'
import { useEffect, useRef, useState, type FormEvent } from 'react'
import { Link, useSearchParams } from 'react-router'
import { api, must, Problem, type Schemas } from '../api/client'
import { parameters, requirements, toInput, type Parameter, type Tool } from '../lib/tool'
import { sentence } from '../lib/form'
import { useMay, useSession } from '../lib/session'
import { Button, ButtonLink } from '../ui/button'
import { Combobox } from '../ui/combobox'
import { Field, Select, TextArea } from '../ui/field'
import { Badge, Card, Code, Empty, Loading, Note, Page, Waiting, Wrong } from '../ui/page'
import { Requirements } from '../ui/tool_parts'

type Answer = Schemas['ExecuteToolResponse']
type Ask = Schemas['auth.AuthorizationResponse']

export default function Playground() {
  const [params, setParams] = useSearchParams()
  const chosen = params.get('tool') ?? ''
  const q = useQuery({ queryKey: ['tools', 'all'], queryFn: allTools, staleTime: 30_000 })
  const missing = chosen !== '' && q.data !== undefined && q.data.total > q.data.tools.length && !q.data.tools.some((t) => named(t, chosen))
  const one = useQuery({ queryKey: ['tools', 'one', chosen], queryFn: () => must(api.GET('/v1/tools/{name}', { params: { path: { name: chosen } } })), enabled: missing })
  if (!q.data) return <Page title="Playground">{q.error ? <Wrong error={q.error} retry={() => { void q.refetch() }} /> : <Loading />}</Page>
  const { tools, total } = q.data
  const tool = tools.find((t) => named(t, chosen)) ?? one.data
  return (
    <Page title="Playground" about="Run a tool as one of your users, and see what is asked and what comes back.">
      {total === 0 ? <Empty icon={<Terminal />} title="There is no tool to try" action={<ButtonLink kind="primary" to="/dashboard/servers/new">Add Server</ButtonLink>} command="pip install arcade-tdk arcade-serve">Tools come from servers. Add one, or begin to write your own:</Empty> : (
        <div className="stack">
          <Card><div className="fields"><Combobox label="Tool" placeholder={`Search ${tools.length} tools`} value={tool?.fully_qualified_name ?? ''} onChange={(id) => setParams({ tool: id }, { replace: true })}
            options={[...tools, ...(one.data ? [one.data] : [])].map((t) => ({ id: t.fully_qualified_name, name: t.qualified_name, words: typeof t.description === 'string' ? t.description : '' }))}
            hint={tool ? <>{typeof tool.description === 'string' ? tool.description : ''} {(requirements(tool).provider || requirements(tool).secrets.length > 0) && <Requirements t={tool} />}</> : undefined} /></div></Card>
          {total > tools.length && <Note>Only the first {tools.length} of {total} tools are listed here. Every tool is found in the <Link to="/dashboard/tools">Tool Catalog</Link>, and executed from there.</Note>}
          {one.error && <Wrong error={one.error} />}
          {tool && <Run key={tool.fully_qualified_name} tool={tool} />}
        </div>
      )}
    </Page>
  )
}
const named = (t: Tool, name: string) => t.fully_qualified_name === name || t.qualified_name === name
/** Up to a thousand tools, and how many there are: a person looks for one by name. */
async function allTools() {
  const out: Tool[] = []
  let total = 0
  for (let offset = 0; offset < 1000; offset += 100) {
    const page = await must(api.GET('/v1/tools', { params: { query: { limit: 100, offset } } }))
    out.push(...page.items)
    total = page.total_count
    if (out.length >= total) break
  }
  return { tools: out, total }
}

function Input({ p, value, set, error }: { p: Parameter; value: string; set: (v: string) => void; error: string | undefined }) {
  const props = { label: p.name, hint: p.description || undefined, optional: !p.required, error }
  if (p.choices.length > 0 || p.type === 'boolean')
    return <Select {...props} value={value} onChange={(e) => set(e.target.value)}><option value="">Not given</option>{(p.type === 'boolean' ? ['true', 'false'] : p.choices).map((c) => <option key={c}>{c}</option>)}</Select>
  if (p.type === 'json' || p.type === 'array') return <TextArea {...props} value={value} placeholder={p.type === 'array' ? '["one", "two"]' : '{"key": "value"}'} onChange={(e) => set(e.target.value)} />
  return <Field {...props} inputMode={p.type === 'integer' ? 'numeric' : p.type === 'number' ? 'decimal' : 'text'} value={value} onChange={(e) => set(e.target.value)} />
}

function Run({ tool }: { tool: Tool }) {
  const may = useMay()
  const { email } = useSession()
  const cache = useQueryClient()
  const params = parameters(tool)
  const needs = requirements(tool)
  const [user, setUser] = useState(email)
  const [typed, setTyped] = useState<Record<string, string>>({})
  const [wrong, setWrong] = useState<Record<string, string>>({}) // by the engine's names: user_id, input.NAME
  const [busy, setBusy] = useState(false)
  const [asked, setAsked] = useState<unknown>(null)
  const [answer, setAnswer] = useState<Answer | null>(null)
  const [consent, setConsent] = useState<Ask | null>(null)
  const [failed, setFailed] = useState<Error | null>(null)
  const [stopped, setStopped] = useState(false)
  const call = useRef<AbortController | null>(null)
  const result = useRef<HTMLDivElement>(null)
  const inputs = useRef<HTMLFormElement>(null)
  const [tries, setTries] = useState(0)
  useEffect(() => { inputs.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus() }, [tries])

  /** False when something typed has to be mended first; the first such field gets the focus. */
  const mended = (bad: Record<string, string>) => { setWrong(bad); setTries((n) => n + 1); return Object.keys(bad).length === 0 }
  const type = (name: string) => setWrong(({ [name]: _, ...rest }) => rest)
  /** What the engine says of a field stands beside it; all else, for instance that the tool is gone, where the answer would. */
  const refused = (e: Error) => {
    const fields = e instanceof Problem ? e.fields.filter((f) => f.field === 'user_id' || params.some((p) => f.field === `input.${p.name}`)) : []
    if (fields.length === 0) { setFailed(e); result.current?.focus(); return }
    setAsked(null)
    mended(Object.fromEntries(fields.map((f) => [f.field, sentence(f.message)])))
  }
  const run = async () => {
    const { input, wrong: bad } = toInput(params, typed)
    if (!mended({ ...(user.trim() ? {} : { user_id: 'Enter the user whose token and name the tool gets.' }), ...Object.fromEntries(Object.entries(bad).map(([name, why]) => [`input.${name}`, why])) })) return
    const body = { tool_name: tool.fully_qualified_name, user_id: user.trim(), input }
    const { signal } = call.current = new AbortController()
    setBusy(true); setAsked(body); setAnswer(null); setFailed(null); setConsent(null); setStopped(false)
    try {
      if (needs.provider) {
        const a = await must(api.POST('/v1/tools/authorize', { signal, body: { tool_name: tool.fully_qualified_name, user_id: user.trim() } }))
        if (a.status !== 'completed') { setConsent(a); result.current?.focus(); return }
      }
      setAnswer(await must(api.POST('/v1/tools/execute', { signal, body })))
      void cache.invalidateQueries({ queryKey: ['overview'] })
      result.current?.focus()
    } catch (e) { if (signal.aborted) setStopped(true); else refused(e as Error) } finally { setBusy(false) }
  }
  if (!may('tools:use')) return <Note tone="warn">Your role may look at tools, but not run them. An admin can change it under Members.</Note>
  return (
    <>
      <Card title="Inputs">
        <form ref={inputs} className="fields" noValidate onSubmit={(e: FormEvent) => { e.preventDefault(); void run() }}>
          <Field label="User ID" hint="Whose token and name the tool gets." value={user} onChange={(e) => { setUser(e.target.value); type('user_id') }} error={wrong.user_id} />
          {params.map((p) => <Input key={p.name} p={p} value={typed[p.name] ?? ''} error={wrong[`input.${p.name}`]} set={(v) => { setTyped((o) => ({ ...o, [p.name]: v })); type(`input.${p.name}`) }} />)}
          <div className="actions"><Button kind="primary" type="submit" busy={busy}>{busy ? 'Running' : 'Run'}</Button>{busy && <Button onClick={() => call.current?.abort()}>Stop waiting</Button>}</div>
        </form>
      </Card>
      <div className="stack" ref={result} tabIndex={-1} aria-live="polite" aria-label="Result" role="region">
        {busy && <Waiting>The tool runs at its server; the answer appears here.</Waiting>}
        {stopped && <Note>You stopped waiting. The tool may still do its work at its server.</Note>}
        {consent && <Consent ask={consent} provider={needs.provider} again={() => { void run() }} />}
        {failed && <Card title="Refused"><Wrong error={failed} />{failed instanceof Problem && <p className="hint">{failed.status} {failed.code}</p>}</Card>}
        {answer && <Result a={answer} />}
        {asked !== null && <Card title="Request" about="POST /v1/tools/execute"><Code text={JSON.stringify(asked, null, 2)} what="request" /></Card>}
      </div>
    </>
  )
}
function Consent({ ask, provider, again }: { ask: Ask; provider: string; again: () => void }) {
  const status = useQuery({
    queryKey: ['consent', ask.id], refetchInterval: (q) => q.state.data?.status === 'completed' || q.state.data?.status === 'failed' ? false : 2000, refetchIntervalInBackground: true,
    queryFn: () => must(api.GET('/v1/auth/status', { params: { query: { id: ask.id ?? '' } } })), enabled: Boolean(ask.id), retry: false,
  })
  const done = status.data?.status === 'completed'
  useEffect(() => { if (done) again() }, [done])
  return (
    <Card title={`${ask.user_id} has to agree first`} about={`The tool acts with an account at ${provider}. Open the link as that user; the tool runs by itself afterwards.`}>
      <div className="actions">
        {ask.url && <a className="button primary" href={ask.url} target="_blank" rel="noreferrer">Authorize<ExternalLink aria-hidden="true" /></a>}
        {status.data?.status === 'failed' || status.error ? <Badge tone="bad">The consent failed</Badge> : <Waiting>Waiting for the consent</Waiting>}
        {ask.id && <ButtonLink kind="ghost" to={`/dashboard/auth/authorizations/${ask.id}`}>Timeline</ButtonLink>}
      </div>
      {ask.url && <Code text={ask.url} what="authorization link" />}
    </Card>
  )
}
function Result({ a }: { a: Answer }) {
  const error = a.output?.error
  return (
    <Card title="Answer" about={a.duration != null ? `In ${Math.round(a.duration)} ms` : undefined} action={a.success ? <Badge tone="good">Success</Badge> : <Badge tone="bad">Failed</Badge>}>
      {error ? (
        <Note tone="bad"><p><b>{error.message}</b></p><p>{error.kind}{error.status_code ? ` · ${error.status_code}` : ''}{error.can_retry ? ' · may be tried again' : ''}</p>{error.developer_message && <p>{error.developer_message}</p>}</Note>
      ) : <Code text={JSON.stringify(a.output?.value ?? null, null, 2)} what="answer" />}
      {(a.output?.logs ?? []).length > 0 && <details><summary>Logs of the tool</summary><ul className="plainlist">{a.output?.logs?.map((l, i) => <li key={i}><Badge>{l.level}</Badge> {l.message}</li>)}</ul></details>}
    </Card>
  )
}
