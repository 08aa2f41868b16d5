import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { serve } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { ath as expressAth } from '../../src/express.ts'
import { ath as fastifyAth } from '../../src/fastify.ts'
import { ath as fetchAth } from '../../src/fetch.ts'
import { ath as honoAth } from '../../src/hono.ts'
import type { AthContext, AthOptions } from '../../src/index.ts'

export interface RunningShop {
  readonly url: string
  close(): Promise<void>
}
type Scope = 'products:read' | 'orders:read' | 'orders:write'
export type ShopOptions = Omit<AthOptions<Scope>, 'url'>

/** The same little shop, as each framework writes it: products by the scope map, orders by a guard, a page for people. */
export type OpenShop = (options: ShopOptions) => Promise<RunningShop>

interface Order {
  readonly total: number
}
const products = (ath: AthContext | undefined) => ({
  products: ['lamp'],
  by: ath?.agent.name ?? 'a person',
})
const ordered = (ath: AthContext | undefined, order: Order) => ({
  total: order.total,
  by: ath?.agent.name ?? 'a person',
  for: ath?.user.subject ?? null,
})
const needsPerson = ({ total }: Order) => total > 500
const describe = ({ total }: Order) => `Order for ¥${total}`

async function freeUrl(): Promise<{ readonly url: string; readonly port: number }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return { url: `http://127.0.0.1:${port}`, port }
}

const closing = (server: Server) => {
  server.close()
  server.closeAllConnections()
}

const onExpress: OpenShop = async (options) => {
  const { url, port } = await freeUrl()
  const app = express()
  const agents = expressAth({ url, ...options })
  app.use(express.json())
  app.use(agents)
  app.get('/api/products', (req, res) => void res.json(products(req.ath)))
  app.post(
    '/api/orders',
    agents.requireScope('orders:write', {
      stepUp: (req) => needsPerson(req.body as Order),
      describe: (req) => describe(req.body as Order),
      others: 'next',
    }),
    (req, res) => void res.status(201).json(ordered(req.ath, req.body as Order)),
  )
  app.get('/api/orders', agents.requireScope('orders:read'), (_req, res) => void res.json([]))
  app.get('/about', (req, res) => void res.json({ token: req.headers.authorization ?? null }))
  const server = app.listen(port, '127.0.0.1')
  await once(server, 'listening')
  await agents.ready()
  return {
    url,
    close: async () => {
      closing(server)
      await agents.close()
    },
  }
}

const onFastify: OpenShop = async (options) => {
  const { url, port } = await freeUrl()
  const app = fastify()
  const agents = fastifyAth({ url, ...options })
  await app.register(agents)
  app.get('/api/products', async (request) => products(request.ath))
  app.post(
    '/api/orders',
    {
      preHandler: agents.requireScope('orders:write', {
        stepUp: (request) => needsPerson(request.body as Order),
        describe: (request) => describe(request.body as Order),
        others: 'next',
      }),
    },
    async (request, reply) => reply.status(201).send(ordered(request.ath, request.body as Order)),
  )
  app.get('/api/orders', { preHandler: agents.requireScope('orders:read') }, async () => [])
  app.get('/about', async (request) => ({ token: request.headers.authorization ?? null }))
  await app.listen({ port, host: '127.0.0.1' })
  await agents.ready()
  return { url, close: () => app.close() }
}

const onHono: OpenShop = async (options) => {
  const { url, port } = await freeUrl()
  const app = new Hono()
  const agents = honoAth({ url, ...options })
  app.use(agents)
  app.get('/api/products', (c) => c.json(products(c.get('ath'))))
  app.post(
    '/api/orders',
    agents.requireScope('orders:write', {
      stepUp: async (c) => needsPerson(await c.req.json<Order>()),
      describe: async (c) => describe(await c.req.json<Order>()),
      others: 'next',
    }),
    async (c) => c.json(ordered(c.get('ath'), await c.req.json<Order>()), 201),
  )
  app.get('/api/orders', agents.requireScope('orders:read'), (c) => c.json([]))
  app.get('/about', (c) => c.json({ token: c.req.header('authorization') ?? null }))
  const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }) as Server
  await once(server, 'listening')
  await agents.ready()
  return {
    url,
    close: async () => {
      closing(server)
      await agents.close()
    },
  }
}

const onFetch: OpenShop = async (options) => {
  const { url, port } = await freeUrl()
  const agents = fetchAth({ url, ...options })
  const order = agents.requireScope(
    'orders:write',
    async (request, ath) =>
      Response.json(ordered(ath, (await request.json()) as Order), { status: 201 }),
    {
      stepUp: async (request) => needsPerson((await request.clone().json()) as Order),
      describe: async (request) => describe((await request.clone().json()) as Order),
      others: 'next',
    },
  )
  const orders = agents.requireScope('orders:read', () => Response.json([]))
  const app = agents.protect((request, ath) => {
    const { pathname } = new URL(request.url)
    if (pathname === '/api/products') return Response.json(products(ath))
    if (pathname === '/api/orders')
      return request.method === 'POST' ? order(request) : orders(request)
    return Response.json({ token: request.headers.get('authorization') })
  })
  const server = createServer((incoming, outgoing) => {
    const body =
      incoming.method === 'GET' || incoming.method === 'HEAD' ? null : Readable.toWeb(incoming)
    const request = new Request(`${url}${incoming.url}`, {
      method: incoming.method ?? 'GET',
      headers: incoming.headers as Record<string, string>,
      ...(body ? { body: body as ReadableStream, duplex: 'half' } : {}),
    })
    void app(request, { ip: incoming.socket.remoteAddress }).then(async (response) => {
      outgoing.writeHead(response.status, [...response.headers].flat())
      outgoing.end(Buffer.from(await response.arrayBuffer()))
    })
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  await agents.ready()
  return {
    url,
    close: async () => {
      closing(server)
      await agents.close()
    },
  }
}

export const frameworks = {
  Express: onExpress,
  Fastify: onFastify,
  Hono: onHono,
  fetch: onFetch,
} as const satisfies Readonly<Record<string, OpenShop>>
