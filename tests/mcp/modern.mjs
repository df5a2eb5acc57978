// SPDX-License-Identifier: Apache-2.0
// An MCP server on the TypeScript SDK of 2026-07-28, on a loopback port of its own; it speaks no revision before that one, and holds the
// headers of every call against its body.  node modern.mjs [auto|sse|json]: how it answers.
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, inputRequired, McpServer } from '@modelcontextprotocol/server'
import { createServer } from 'node:http'
import { z } from 'zod'

const text = (t) => ({ content: [{ type: 'text', text: t }] })

function server() {
  const s = new McpServer({ name: 'modern-ts', version: '3.1.0' }, { instructions: 'Adds and asks.' })
  s.registerTool('add', { description: 'Adds two numbers.', inputSchema: z.object({ a: z.number(), b: z.number().default(2) }), outputSchema: z.object({ sum: z.number() }), annotations: { readOnlyHint: true } },
    async ({ a, b }) => ({ ...text(`${a + b}`), structuredContent: { sum: a + b } }))
  s.registerTool('route', { description: 'Has an argument that goes into a header too.', inputSchema: z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }), n: z.number().int().optional().meta({ 'x-mcp-header': 'N' }) }) },
    async ({ region, n }) => text(`${region} ${n}`))
  s.registerTool('slow', { description: 'Tells of its progress, so that the answer is a stream.', inputSchema: z.object({}) }, async (_, { mcpReq }) => {
    for (let progress = 0; progress < 3; progress++) await mcpReq.notify({ method: 'notifications/progress', params: { progressToken: 'p', progress, total: 3 } })
    return text(`done at ${mcpReq.envelope['io.modelcontextprotocol/protocolVersion']}`)
  })
  s.registerTool('fail', { description: 'Always fails.', inputSchema: z.object({}) }, async () => { throw new Error('broken on purpose') })
  s.registerTool('confirm', { description: 'Wants to ask the user.', inputSchema: z.object({}) },
    async () => inputRequired({ inputRequests: { sure: inputRequired.elicit({ message: 'Sure?', requestedSchema: z.object({ sure: z.boolean() }) }) } }))
  return s
}

const handler = toNodeHandler(createMcpHandler(server, { legacy: 'reject', responseMode: process.argv[2] ?? 'auto', onerror: (e) => console.error(String(e)) }))
const http = createServer((request, response) => (request.url === '/mcp' ? handler(request, response) : response.writeHead(404).end()))
http.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: http.address().port })))
process.on('SIGTERM', () => process.exit(0))
