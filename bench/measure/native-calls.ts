import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect, createAgentKey, createIdentityDocument, readAgentKey } from '@ath-protocol/client'
import { ath } from '@ath-protocol/server/express'
import { createVisitor } from '@sallyport/testing'
import express, { type Express } from 'express'
import { Pool } from 'undici'
import { readSettings, tell } from '../settings.ts'

/**
 * One route of an Express app, asked over one machine's sockets with and without ATH before it: same client, same
 * process, in turns. What a protected call costs more is what letting an agent in costs an app.
 */
const { calls, rounds } = readSettings<{ readonly calls: number; readonly rounds: number }>()
const lanes = 16

const listen = async (app: Express): Promise<Server> => {
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}
const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const route = (app: Express): Express =>
  app.get('/api/products', (_req, res) => void res.json({ products: ['lamp'] }))

const plain = await listen(route(express()))
const app = express()
const guarded = await listen(app)
const agents = ath({
  url: urlOf(guarded),
  appId: 'bench.shop',
  scopes: { 'products:read': ['GET /api/products'] },
  devIdp: true,
  limits: { proxy_token: { count: 1_000_000, perSeconds: 1 } },
  audit: () => {},
  log: () => {},
})
app.use(agents)
route(app)
const headers = await letIn(urlOf(guarded))

const costs = { plain: [] as number[], guarded: [] as number[] }
// The first round warms up.
for (let round = 0; round <= rounds; round++)
  for (const [name, server] of [
    ['plain', plain],
    ['guarded', guarded],
  ] as const) {
    const microseconds = await measure(urlOf(server), name === 'guarded' ? headers : {})
    if (round > 0) costs[name].push(microseconds)
  }
tell(costs)
await agents.close()
process.exit(0)

/** CPU of one call, client and all, in microseconds. */
async function measure(url: string, sent: Record<string, string>): Promise<number> {
  const pool = new Pool(url, { connections: lanes })
  const ask = async (count: number) => {
    for (let call = 0; call < count; call++) {
      const answer = await pool.request({ path: '/api/products', method: 'GET', headers: sent })
      if (answer.statusCode !== 200) throw new Error(`${url} answered ${answer.statusCode}`)
      await answer.body.dump()
    }
  }
  const before = process.cpuUsage()
  await Promise.all(Array.from({ length: lanes }, () => ask(Math.ceil(calls / lanes))))
  const { user, system } = process.cpuUsage(before)
  await pool.close()
  return (user + system) / calls
}

/** Both doors, as any agent passes them. */
async function letIn(service: string): Promise<Record<string, string>> {
  const key = await readAgentKey((await createAgentKey()).privateKeyPem)
  let document = ''
  const host = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(document)
  }).listen(0, '127.0.0.1')
  await once(host, 'listening')
  const id = `${urlOf(host)}/.well-known/agent.json`
  const developer = { name: 'Bench', id: 'bench' }
  document = JSON.stringify(
    createIdentityDocument({ agentId: id, name: 'Bench', developer, publicJwk: key.publicJwk }),
  )
  const { sessions } = await connect({
    service,
    agent: { id, key, developer },
    scopes: ['products:read'],
    onConsent: ({ authorizationUrl }) => approve(authorizationUrl),
    pollSeconds: 0.1,
  })
  host.close()
  return { authorization: `Bearer ${sessions[0]?.accessToken}`, 'x-ath-agent-id': id }
}

async function approve(address: string): Promise<void> {
  const signIn = [
    ['person', 'wang'],
    ['decision', 'approve'],
  ] as const
  const person = createVisitor('nowhere:')
  const question = await person.submit(await person.open(address), signIn)
  const oauth = await person.submit(question, [
    ['lifetime', '3600'],
    ['decision', 'approve'],
  ])
  await person.submit(oauth, signIn)
}
