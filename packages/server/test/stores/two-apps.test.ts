import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { connect } from '@ath-protocol/client'
import type { StoreSource } from '@ath-protocol/server'
import { ath } from '@ath-protocol/server/express'
import { postgresStore } from '@ath-protocol/server/postgres'
import { redisStore } from '@ath-protocol/server/redis'
import { createVisitor, startPostgres, startRedis } from '@sallyport/testing'
import express from 'express'
import { startAgent } from '../native/agent.ts'

async function listen(): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** One process of an app whose address is `url`, wherever it listens itself. */
function serveApp(server: Server, url: string, store: StoreSource) {
  const agents = ath({
    url,
    appId: 'com.acme.shop',
    apiBase: '/api',
    scopes: { 'products:read': ['GET /api/products/**'] },
    devIdp: true,
    secret: 'the same thirty-two characters everywhere',
    store,
    audit: () => {},
    log: () => {},
  })
  const app = express()
  app.use(agents)
  app.get('/api/products', (req, res) => void res.json({ by: req.ath?.agent.name }))
  server.on('request', app)
  return agents
}

async function approve(address: string): Promise<void> {
  const person = createVisitor('nowhere:')
  const yes = ['decision', 'approve'] as const
  const question = await person.submit(await person.open(address), [['person', 'wang'], yes])
  const oauth = await person.submit(question, [['lifetime', '3600'], yes])
  assert.equal((await person.submit(oauth, [['person', 'wang'], yes])).status, 200)
}

const kinds = {
  PostgreSQL: { start: startPostgres, open: (url: string) => postgresStore({ url }) },
  Redis: { start: () => startRedis(), open: (url: string) => redisStore({ url }) },
}

for (const [name, { start, open }] of Object.entries(kinds))
  test(`two processes of an app on one ${name} let an agent in and out together`, async (t) => {
    const service = await start()
    t.after(() => service.close())
    const agent = await startAgent()
    t.after(() => agent.close())
    const [left, right] = [await listen(), await listen()]
    const opened = [left, right].map(({ server }) => serveApp(server, left.url, open(service.url)))
    t.after(async () => {
      for (const agents of opened) await agents.close()
      for (const { server } of [left, right]) {
        server.close()
        server.closeAllConnections()
      }
    })
    const { sessions } = await connect({
      service: left.url,
      agent: { id: agent.agentId, key: agent.key, developer: { name: 'Acme', id: 'acme' } },
      scopes: ['products:read'],
      onConsent: ({ authorizationUrl }) => approve(authorizationUrl),
      pollSeconds: 0.1,
    })
    const [session] = sessions
    assert.ok(session)
    const call = ({ url }: { readonly url: string }) =>
      fetch(`${url}/api/products`, {
        headers: {
          authorization: `Bearer ${session.accessToken}`,
          'x-ath-agent-id': session.agentId,
        },
      })
    for (const process of [left, right, left, right]) {
      const answer = await call(process)
      assert.equal(answer.status, 200)
      assert.deepEqual(await answer.json(), { by: 'Shopper' })
    }
    await session.revoke()
    for (const process of [right, left]) assert.equal((await call(process)).status, 401)

    await service.stop()
    for (const process of [left, right]) assert.equal((await call(process)).status, 503)
    await service.start()
    const isBack = async () => (await call(right)).status === 401
    const deadline = Date.now() + 10_000
    while (!(await isBack())) assert.ok(Date.now() < deadline, 'does not come back')
  })
