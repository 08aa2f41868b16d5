import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { AthError } from '@ath-protocol/client'
import { mcpTransport } from '@ath-protocol/client/mcp'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { StrictGateway } from '@sallyport/testing'
import { z } from 'zod'
import { setUpSession, setUpShopSession } from './setup.ts'

/** A real MCP server behind a server that checks every request. */
async function serveMcp(t: TestContext, checking: StrictGateway) {
  const server = new McpServer({ name: 'stock', version: '1.0.0' })
  server.registerTool(
    'count',
    { description: 'How many are there', inputSchema: { product: z.string() } },
    async ({ product }, { sendNotification, _meta }) => {
      const progressToken = _meta?.progressToken ?? 'none'
      await sendNotification({
        method: 'notifications/progress',
        params: { progressToken, progress: 1, total: 2 },
      })
      return { content: [{ type: 'text', text: `3 ${product}` }] }
    },
  )
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => randomUUID() })
  await server.connect(transport as Parameters<McpServer['connect']>[0])
  t.after(() => server.close())
  checking.upstream = async (request, response) => {
    assert.equal(request.url, '/mcp')
    const confirmed = checking.stepUp.confirmed.at(-1)
    await transport.handleRequest(request, response, confirmed && JSON.parse(confirmed))
  }
}

async function connectMcp(t: TestContext, transport: ReturnType<typeof mcpTransport>) {
  const client = new Client({ name: 'agent', version: '1.0.0' })
  await client.connect(transport as Parameters<Client['connect']>[0])
  t.after(() => client.close())
  return client
}

test('an MCP client works at a service that speaks ATH itself: list, call, progress', async (t) => {
  const { shop, session, agent } = await setUpShopSession(t)
  await serveMcp(t, shop)
  const client = await connectMcp(t, mcpTransport(session, '/mcp'))
  assert.deepEqual(
    (await client.listTools()).tools.map(({ name }) => name),
    ['count'],
  )
  const progress: number[] = []
  const result = await client.callTool(
    { name: 'count', arguments: { product: 'tea' } },
    undefined,
    { onprogress: (at) => progress.push(at.progress) },
  )
  assert.deepEqual(result.content, [{ type: 'text', text: '3 tea' }])
  assert.deepEqual(progress, [1])
  const calls = shop.seen.filter(({ step }) => step === 'direct')
  assert.ok(calls.length >= 4)
  for (const { url, headers } of calls) {
    assert.equal(url, '/api/mcp')
    assert.equal(headers.authorization, `Bearer ${session.accessToken}`)
    assert.equal(headers['x-ath-agent-id'], agent.agentId)
  }
  assert.deepEqual(shop.faults, [])
})

test('an MCP client works through a gateway, by a path or by the whole URL', async (t) => {
  const { gateway, session } = await setUpSession(t)
  for (const url of ['/mcp', `${gateway.url}/ath/proxy/oa/mcp`]) {
    await serveMcp(t, gateway)
    const client = await connectMcp(t, mcpTransport(session, url))
    const result = await client.callTool({ name: 'count', arguments: { product: 'tea' } })
    assert.deepEqual(result.content, [{ type: 'text', text: '3 tea' }])
  }
  assert.deepEqual(gateway.faults, [])
})

test('what is refused is an AthError of the call, and nothing is sent elsewhere', async (t) => {
  const { shop, session } = await setUpShopSession(t)
  await serveMcp(t, shop)
  const client = await connectMcp(t, mcpTransport(session, '/mcp'))
  await session.revoke()
  await assert.rejects(client.listTools(), (error) => {
    assert.ok(error instanceof AthError)
    assert.equal(error.code, 'TOKEN_REVOKED')
    return true
  })
  for (const url of ['https://evil.example/mcp', '//evil.example/mcp', `${shop.url}/admin`])
    await assert.rejects(
      new Client({ name: 'agent', version: '1.0.0' }).connect(
        mcpTransport(session, url) as Parameters<Client['connect']>[0],
      ),
      (error) => error instanceof AthError && error.code === 'ORIGIN_REFUSED',
      url,
    )
})

test('a tool call that the user must confirm is shown to them and then goes through', async (t) => {
  const shown: string[] = []
  const { shop, session } = await setUpShopSession(t, {
    onStepUp: ({ confirmUrl }) => {
      shown.push(confirmUrl)
      shop.stepUp.answer = 'confirmed'
    },
  })
  await serveMcp(t, shop)
  const client = await connectMcp(t, mcpTransport(session, '/mcp'))
  shop.stepUp.needs = ({ method }) => method === 'POST'
  const result = await client.callTool({ name: 'count', arguments: { product: 'tea' } })
  assert.deepEqual(result.content, [{ type: 'text', text: '3 tea' }])
  assert.equal(shown.length, 1)
})
