import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { connect } from '@ath-protocol/client'
import { createVisitor } from '@sallyport/testing'
import express from 'express'
import { ath } from '../../src/express.ts'
import type { AuditLine } from '../../src/index.ts'
import { startAgent } from './agent.ts'

let server: Server
let url: string
let agents: ReturnType<typeof open>
let agent: Awaited<ReturnType<typeof startAgent>>
const audit: AuditLine[] = []

function open() {
  return ath({
    url,
    appId: 'com.acme.shop',
    name: 'Acme Shop',
    apiBase: '/api',
    scopes: {
      'products:read': ['GET /api/products/**'],
      'orders:write': { description: 'Place orders' },
      'orders:read': ['GET /api/orders'],
    },
    devIdp: true,
    audit: (line) => audit.push(line),
    log: () => {},
  })
}

before(async () => {
  agent = await startAgent()
  const app = express()
  server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  agents = open()
  app.use(express.json())
  app.use(agents)
  app.get('/api/products', (req, res) => void res.json({ by: req.ath?.agent.name ?? 'a person' }))
  app.get(
    '/api/me',
    (req, res) => void res.json({ authorization: req.headers.authorization ?? null }),
  )
  app.post(
    '/api/orders',
    agents.requireScope('orders:write', {
      stepUp: (req) => (req.body as { total: number }).total > 500,
      describe: (req) => `Order for ¥${(req.body as { total: number }).total}`,
    }),
    (req, res) => void res.status(201).json({ ordered: req.body, for: req.ath?.user.name }),
  )
})
after(async () => {
  await agents.close()
  await agent.close()
  server.close()
  server.closeAllConnections()
})

/** Signs in, says yes on our page, and yes again at the OAuth server. */
async function approve(address: string): Promise<void> {
  const person = createVisitor('nowhere:')
  const signIn = await person.open(address)
  const question = await person.submit(signIn, [
    ['person', 'wang'],
    ['decision', 'approve'],
  ])
  assert.match(question.html, /Shopper/)
  const oauth = await person.submit(question, [
    ['lifetime', '3600'],
    ['decision', 'approve'],
  ])
  const end = await person.submit(oauth, [
    ['person', 'wang'],
    ['decision', 'approve'],
  ])
  assert.equal(end.status, 200, end.html)
}

test('an agent discovers the app, is approved, gets the user’s consent, and calls it', async () => {
  const connection = await connect({
    service: url,
    agent: { id: agent.agentId, key: agent.key, developer: { name: 'Acme', id: 'acme' } },
    scopes: ['products:read', 'orders:write'],
    why: 'to shop',
    onConsent: ({ authorizationUrl }) => approve(authorizationUrl),
    pollSeconds: 0.1,
  })
  const [session] = connection.sessions
  assert.ok(session)
  assert.deepEqual(await session.api('GET', '/products'), { by: 'Shopper' })
})
