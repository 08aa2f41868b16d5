import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as later } from 'node:timers/promises'
import { type AppUnderAttack, attackedExpress } from './hostile-app.ts'

/** What the app behind `/ath/proxy` says, byte by byte, by the last segment of the path. */
const answers: Readonly<Record<string, (socket: Socket) => void>> = {
  fine: (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'),
  head: (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n'),
  empty: (socket) => socket.end('HTTP/1.1 204 No Content\r\n\r\n'),
  reset: (socket) => socket.end('HTTP/1.1 205 Reset Content\r\ncontent-length: 0\r\n\r\n'),
  half: (socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf')
    setTimeout(() => socket.destroy(), 20)
  },
  nothing: (socket) => void socket.destroy(),
  garbage: (socket) => socket.end('SSH-2.0-OpenSSH\r\n'),
  late: (socket) => {
    setTimeout(() => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'), 300)
  },
  odd: (socket) => socket.end('HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n'),
  switching: (socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n'),
  cookie: (socket) =>
    socket.end('HTTP/1.1 200 OK\r\nset-cookie: a=b\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n'),
  endless: (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    const timer = setInterval(() => socket.write('x'.repeat(65_536)), 1)
    socket.once('close', () => clearInterval(timer))
  },
}
const heads: string[] = []
const open = new Set<Socket>()
let app: AppUnderAttack
let upstream: ReturnType<typeof createServer>

before(async () => {
  upstream = createServer((socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      const head = chunk.toString('latin1')
      const name = /^[A-Z]+ \/api\/(?:products|cart)\/([a-z]+)/.exec(head)?.[1]
      if (name === undefined) return
      heads.push(head)
      answers[name]?.(socket)
    })
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  app = await attackedExpress((app, agents) => void app.use(agents), undefined, {
    upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
  })
})
after(async () => {
  for (const socket of open) socket.destroy()
  upstream.close()
  await app.close()
})

const ask = (name: string, init: Parameters<AppUnderAttack['ask']>[1] = {}) =>
  app.ask(`/ath/proxy/shop/api/products/${name}`, init)
const recordsOf = (name: string) =>
  app.audit.filter(({ path }) => path === `/api/products/${name}`).map(({ outcome }) => outcome)

test('whatever the app behind the proxy answers, the agent hears no half truth and one record is left', async () => {
  const expected: readonly (readonly [string, number, string])[] = [
    ['fine', 200, 'allowed'],
    ['empty', 204, 'allowed'],
    ['reset', 205, 'allowed'],
    ['nothing', 502, 'error'],
    ['garbage', 502, 'error'],
    ['switching', 502, 'error'],
    ['odd', 502, 'error'],
  ]
  for (const [name, status, outcome] of expected) {
    const answer = await ask(name)
    assert.equal(answer.status, status, name)
    await answer.arrayBuffer()
    assert.deepEqual(recordsOf(name), [outcome], name)
  }
  const half = await ask('half')
  await assert.rejects(half.text())
  assert.deepEqual(recordsOf('half'), ['error'])
  assert.equal((await ask('head', { method: 'HEAD' })).status, 200)
  assert.deepEqual(recordsOf('head'), ['allowed'])
})

test('[R101] neither side learns the other’s secrets from the proxy', async () => {
  heads.length = 0
  const answer = await ask('cookie', {
    headers: {
      cookie: 'session=wang',
      'x-forwarded-for': '10.0.0.1',
      'x-ath-call': 'everything',
    },
  })
  assert.equal(answer.headers.get('set-cookie'), null)
  const [head = ''] = heads
  assert.doesNotMatch(head, /ath_tk_|session=wang|10\.0\.0\.1|everything/)
  assert.match(head, /^authorization: Bearer /im)
  assert.equal(head.match(/^x-ath-/gim)?.length, 1)
})

test('a path, a host or a length that somebody slips in reaches no other place', async () => {
  for (const path of ['/..%2fadmin', '/../../admin', '//evil.example/', '/a;b', '/%252e%252e/x'])
    assert.equal(await statusOf(`/ath/proxy/shop/api/products${path}`), 400, path)
  heads.length = 0
  assert.equal(await statusOf('/ath/proxy/shop/api/products/fine', { host: 'evil.example' }), 200)
  assert.doesNotMatch(heads[0] ?? '', /evil/)
})

test('an agent that leaves before the answer, or in the middle of it, leaves no connection open', async () => {
  for (const [name, wait] of [
    ['late', 100],
    ['endless', 100],
  ] as const) {
    const outgoing = httpRequest(`${app.url}/ath/proxy/shop/api/products/${name}`, {
      headers: credentials(),
    })
    outgoing.on('error', () => {})
    outgoing.on('response', (incoming) => incoming.on('error', () => {}))
    outgoing.end()
    await later(wait)
    outgoing.destroy()
    await later(500)
    assert.equal(recordsOf(name).length, 1, name)
  }
  assert.deepEqual(
    [...open].map((socket) => socket.bytesWritten).filter((bytes) => bytes > 1000),
    [],
  )
})

const credentials = () => ({
  authorization: `Bearer ${app.session.accessToken}`,
  'x-ath-agent-id': app.agentId,
})

/** Sends the path as it stands, which `fetch` would tidy up. */
async function statusOf(path: string, headers: Record<string, string> = {}): Promise<number> {
  const { hostname, port } = new URL(app.url)
  const outgoing = httpRequest({ hostname, port, path, headers: { ...credentials(), ...headers } })
  outgoing.end()
  const [incoming] = (await once(outgoing, 'response')) as [import('node:http').IncomingMessage]
  incoming.resume()
  return incoming.statusCode ?? 0
}
