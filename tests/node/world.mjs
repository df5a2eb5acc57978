// SPDX-License-Identifier: Apache-2.0
// Processes and helpers the JavaScript tests stand on.  Nothing sleeps to wait; every wait has a bound.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const here = path.dirname(fileURLToPath(import.meta.url))
export const binary = process.env.TB_BINARY ?? path.join(here, '../../build/tokenbooth')
if (!existsSync(binary)) throw new Error(`${binary} is not built; run ./run --build`)

/** A child that says it is ready with one JSON line on stdout. */
export async function start(argv, { env = {}, cwd } = {}) {
  const child = spawn(binary, argv, { env: { ...process.env, ...env }, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  child.stderr.on('data', (d) => { log += d })
  const lines = createInterface({ input: child.stdout })
  const timer = setTimeout(() => child.kill('SIGKILL'), 30_000)
  const first = await Promise.race([once(lines, 'line').then(([l]) => l), once(child, 'exit').then(() => null)])
  clearTimeout(timer)
  if (first === null) throw new Error(`${argv[0]} ended before it was ready:\n${log}`)
  return {
    ready: JSON.parse(first),
    log: () => log,
    async stop() {
      if (child.exitCode === null) { child.kill('SIGTERM'); await once(child, 'exit') }
      if (child.exitCode !== 0) throw new Error(`${argv[0]} ended with ${child.exitCode}:\n${log.slice(-4000)}`)
    },
  }
}

export function folder() {
  const dir = mkdtempSync(path.join(tmpdir(), 'tokenbooth-'))
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) }
}

export async function json(url, { method = 'GET', body, headers = {} } = {}) {
  const r = await fetch(url, { method, headers: { ...(body ? { 'content-type': 'application/json' } : {}), ...headers }, body: body && JSON.stringify(body) })
  const text = await r.text()
  return { status: r.status, headers: r.headers, body: text ? JSON.parse(text) : null }
}

export const app = { id: '1199990000000000001', secret: 'sim-client-secret-c0ffee' }

export async function simulator(dir, providers = ['discord'], more = []) {
  const p = await start(['simulate', ...providers, '--listen', '127.0.0.1:0', '--ca-dir', path.join(dir, 'ca'), '--json', ...more])
  const control = (at, options) => json(p.ready.control + at, options)
  return {
    ...p,
    control,
    register: (redirect_uri, provider) => control('/apps', { method: 'POST', body: { client_id: app.id, client_secret: app.secret, redirect_uri, ...(provider && { provider }) } }),
    /** What an unmodified client needs to reach the simulated hosts. */
    env: { NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: p.ready.proxy, HTTP_PROXY: '', NO_PROXY: '127.0.0.1,localhost', NODE_EXTRA_CA_CERTS: p.ready.ca_file },
  }
}

export async function engine(dir, sim, { config = '', verifier = 'http://127.0.0.1:9/verify', args = [], key: had } = {}) {
  const file = path.join(dir, 'engine.yaml')
  writeFileSync(file, `api: {development: true}\n` +
    (sim ? `network: {connect_to: ${JSON.stringify(sim.ready.connect_to)}, ca_file: ${sim.ready.ca_file}}\n` : '') +
    (verifier ? `verifier: {url: "${verifier}"}\n` : '') + config)
  const p = await start(['serve', '--json', '--config', file, '--data', path.join(dir, 'data'), '--listen', '127.0.0.1:0', ...args], { env: { TOKENBOOTH_DATA: '' }, cwd: dir })
  const key = p.ready.api_key ?? had // a folder that was filled before has given out its own
  const call = (at, o = {}) => json(p.ready.url + at, { ...o, headers: { authorization: key, ...o.headers } })
  return { ...p, url: p.ready.url, key, call, data: path.join(dir, 'data') }
}

/** Runs one of the clients/ programs in a process of its own; resolves with its JSON lines. */
export function client(name, args, env) {
  const child = spawn(process.execPath, [path.join(here, 'clients', name), ...args], { env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
  let err = ''
  child.stderr.on('data', (d) => { err += d })
  const lines = createInterface({ input: child.stdout })
  const it = lines[Symbol.asyncIterator]()
  return {
    child,
    tell: (o) => child.stdin.write(JSON.stringify(o) + '\n'),
    async line() {
      const { value, done } = await it.next()
      if (done) throw new Error(`${name} said nothing more:\n${err}`)
      return JSON.parse(value)
    },
    async end() {
      child.stdin.end()
      if (child.exitCode === null) await once(child, 'exit')
      if (child.exitCode !== 0) throw new Error(`${name} ended with ${child.exitCode}:\n${err}`)
    },
  }
}

/** Runs f(ask, line) with a client that is ended whatever happens, so that a failed test does not keep the run alive. */
export async function withClient(name, args, env, f) {
  const c = client(name, args, env)
  try { await f(async (o) => { c.tell(o); return c.line() }, c.line) } finally { if (c.child.exitCode === null) c.child.kill('SIGKILL') }
}

/** A browser's legs: cookies by host, redirects by hand, the first form of a page. */
export class Legs {
  constructor(sim) { this.sim = sim; this.jar = new Map() }
  async fetch(url, init = {}) {
    const u = new URL(url)
    const cookies = this.jar.get(u.hostname)
    const headers = { accept: 'text/html', ...(cookies ? { cookie: [...cookies].map(([k, v]) => `${k}=${v}`).join('; ') } : {}), ...init.headers }
    const r = await this.sim.fetch(url, { ...init, headers, redirect: 'manual' })
    for (const c of r.headers.getSetCookie()) {
      const [pair] = c.split(';')
      const i = pair.indexOf('=')
      if (!this.jar.has(u.hostname)) this.jar.set(u.hostname, new Map())
      this.jar.get(u.hostname).set(pair.slice(0, i), pair.slice(i + 1))
    }
    return r
  }
  async consent(authorizeUrl, { user = 'alice', decision = 'allow', scope } = {}) {
    const page = await this.fetch(authorizeUrl)
    const html = await page.text()
    if (page.status !== 200) throw new Error(`consent page: ${page.status} ${html.slice(0, 500)}`)
    const action = new URL(/<form[^>]*action="([^"]+)"/.exec(html)[1], authorizeUrl)
    const transaction = /name="transaction" value="([^"]+)"/.exec(html)[1]
    const body = new URLSearchParams({ transaction, user, decision, ...(scope !== undefined && { scope }) })
    const r = await this.fetch(action, { method: 'POST', body, headers: { origin: action.origin } })
    if (r.status !== 302 && r.status !== 303) throw new Error(`consent: ${r.status} ${await r.text()}`)
    return r.headers.get('location')
  }
}

/** fetch() that reaches the simulated hosts: through a child that was started with the proxy and the CA. */
export function through(sim) {
  const c = client('fetch.mjs', [], sim.env)
  let turn = Promise.resolve()
  return {
    fetch(url, init = {}) {
      const ask = async () => {
        const body = init.body instanceof URLSearchParams ? init.body.toString() : init.body
        const headers = { ...(init.body instanceof URLSearchParams ? { 'content-type': 'application/x-www-form-urlencoded' } : {}), ...init.headers }
        c.tell({ url: String(url), init: { ...init, body, headers } })
        const a = await c.line()
        return new Response([204, 304].includes(a.status) ? null : a.body, { status: a.status, headers: a.headers })
      }
      return (turn = turn.then(ask, ask))
    },
    end: () => c.end(),
  }
}
