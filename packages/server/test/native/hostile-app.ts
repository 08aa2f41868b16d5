import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { type AthSession, connect } from '@ath-protocol/client'
import express, { type Express } from 'express'
import { Hono } from 'hono'
import { ath as expressAth, type ExpressAth } from '../../src/express.ts'
import { ath as honoAth, type HonoAth } from '../../src/hono.ts'
import type { AthOptions, AuditLine } from '../../src/index.ts'
import { startAgent } from './agent.ts'
import { approve } from './person.ts'

type Scope = 'products:read' | 'cart:write' | 'orders:write'

export type Asking = Omit<RequestInit, 'headers'> & {
  readonly headers?: Readonly<Record<string, string>>
}

export interface AppUnderAttack {
  readonly url: string
  readonly agentId: string
  readonly session: AthSession
  readonly audit: readonly AuditLine[]
  /** As the agent. */
  ask(path: string, init?: Asking): Promise<Response>
  close(): Promise<void>
}

export const attackedOptions = (url: string) => ({
  url,
  appId: 'com.acme.shop',
  scopes: {
    'products:read': ['GET /api/products/**'],
    'cart:write': ['POST /api/cart/**', 'POST /api/checkout'],
    'orders:write': { description: 'Place orders' },
  },
  devIdp: true,
  log: () => {},
})

/** An Express app as its developer wrote it, and an agent with a permission of its user. */
export async function attackedExpress(
  wire: (app: Express, agents: ExpressAth<Scope>) => void,
  scopes: readonly Scope[] = ['products:read', 'cart:write', 'orders:write'],
  more: Partial<AthOptions<Scope>> = {},
): Promise<AppUnderAttack> {
  const app = express()
  app.set('env', 'test')
  const server = app.listen(0)
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const audit: AuditLine[] = []
  const agents = expressAth<Scope>({
    ...attackedOptions(url),
    audit: (line) => audit.push(line),
    ...more,
  })
  wire(app, agents)
  return connected(url, server, agents, audit, scopes)
}

export async function attackedHono(
  wire: (app: Hono, agents: HonoAth<Scope>) => void,
): Promise<AppUnderAttack> {
  const app = new Hono()
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const audit: AuditLine[] = []
  const agents = honoAth<Scope>({ ...attackedOptions(url), audit: (line) => audit.push(line) })
  wire(app, agents)
  return connected(url, server, agents, audit, ['products:read', 'cart:write', 'orders:write'])
}

async function connected(
  url: string,
  server: Server,
  agents: { close(): Promise<void> },
  audit: readonly AuditLine[],
  scopes: readonly Scope[],
): Promise<AppUnderAttack> {
  const agent = await startAgent()
  const connection = await connect({
    service: url,
    agent: { id: agent.agentId, key: agent.key, developer: { name: 'Acme', id: 'acme' } },
    scopes: [...scopes],
    onConsent: async ({ authorizationUrl }) => void (await approve(authorizationUrl)),
    pollSeconds: 0.1,
  })
  const session = connection.sessions[0] as AthSession
  const credentials = {
    authorization: `Bearer ${session.accessToken}`,
    'x-ath-agent-id': agent.agentId,
  }
  return {
    url,
    agentId: agent.agentId,
    session,
    audit,
    ask: (path, init = {}) =>
      fetch(`${url}${path}`, { ...init, headers: { ...credentials, ...init.headers } }),
    async close() {
      server.close()
      server.closeAllConnections()
      await agents.close()
      await agent.close()
    },
  }
}
