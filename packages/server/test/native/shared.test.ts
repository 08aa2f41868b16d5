import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { startPostgres, startRedis } from '@sallyport/testing'
import express from 'express'
import { ath } from '../../src/express.ts'
import { postgresStore } from '../../src/postgres.ts'
import { redisStore } from '../../src/redis.ts'
import { attackedExpress, attackedOptions } from './hostile-app.ts'

const stores = {
  PostgreSQL: async () => {
    const service = await startPostgres()
    return { service, open: () => postgresStore({ url: service.url }) }
  },
  Redis: async () => {
    const service = await startRedis()
    return { service, open: () => redisStore({ url: service.url }) }
  },
}
const secret = 's'.repeat(43)

for (const [name, start] of Object.entries(stores))
  describe(`two processes on one ${name}`, () => {
    test('[R107] what one revokes the other refuses at once, also a call that is open; and a store that is down is never a yes', async (t) => {
      const { service, open } = await start()
      t.after(() => service.close())
      const wire = (app: express.Express, agents: ReturnType<typeof ath>) => {
        app.use(agents)
        app.get('/api/products', (req, res) => void res.json(req.ath ? 'an agent' : 'a person'))
        app.get('/api/products/stream', (_req, res) => {
          const timer = setInterval(() => res.write('more'), 20)
          res.once('close', () => clearInterval(timer))
        })
      }
      const one = await attackedExpress(wire, undefined, { store: open(), secret })
      const app = express()
      const agents = ath({
        ...attackedOptions(one.url),
        store: open(),
        secret,
        audit: () => {},
      })
      wire(app, agents as ReturnType<typeof ath>)
      const server = app.listen(0, '127.0.0.1')
      await once(server, 'listening')
      t.after(async () => {
        server.close()
        server.closeAllConnections()
        await agents.close().catch(() => {})
        await one.close().catch(() => {})
      })
      const other = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const headers = {
        authorization: `Bearer ${one.session.accessToken}`,
        'x-ath-agent-id': one.agentId,
      }
      assert.equal((await fetch(`${other}/api/products`, { headers })).status, 200)
      const stream = await fetch(`${other}/api/products/stream`, { headers })
      const reader = (stream.body as ReadableStream<Uint8Array>).getReader()
      await reader.read()

      await one.session.revoke()
      assert.equal((await fetch(`${other}/api/products`, { headers })).status, 401)
      await assert.rejects(async () => {
        while (!(await reader.read()).done);
      })

      await service.stop()
      assert.equal((await fetch(`${other}/api/products`, { headers })).status, 503)
      assert.equal(await (await fetch(`${other}/api/products`)).json(), 'a person')
    })
  })
