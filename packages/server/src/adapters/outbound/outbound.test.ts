import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { createAttestationVerifier } from '../../agent/verify-attestation.ts'
import { InMemoryReplayStore } from '../../memory/replay-store.ts'
import { type IdentityDocuments } from '../../ports/identity-documents.ts'
import {
  createTestAgent,
  createTestCertificate,
  createVirtualClock,
  type TestCertificate,
} from '@sallyport/testing'
import { createOutbound, type OutboundOptions } from './outbound.ts'

const host = 'agents.example.com'
const path = '/.well-known/agent.json'
let folder: string
let caFile: string
let certificate: TestCertificate

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'outbound-'))
  caFile = join(folder, 'ca.pem')
  certificate = createTestCertificate([host, '127.0.0.1'])
  writeFileSync(caFile, certificate.cert)
})
after(() => rmSync(folder, { recursive: true }))

/** A server on loopback that ends with the test, and what was asked of it. */
async function serve(
  t: TestContext,
  answer: RequestListener,
  options: { readonly tls?: TestCertificate; readonly plain?: boolean } = {},
): Promise<{ port: number; requests: IncomingMessage[]; connections: () => number }> {
  const requests: IncomingMessage[] = []
  let connections = 0
  const listener: RequestListener = (request, response) => {
    requests.push(request)
    answer(request, response)
  }
  const { tls = certificate, plain = false } = options
  const server: Server = plain ? createHttpServer(listener) : createHttpsServer(tls, listener)
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, requests, connections: () => connections }
}

function setUp(t: TestContext, options: Partial<OutboundOptions> = {}) {
  const resolved: string[] = []
  const resolveName = options.resolveName ?? (async () => ['127.0.0.1'])
  const outbound = createOutbound({
    allowNetworks: ['127.0.0.0/8'],
    allowLoopbackHttp: false,
    connectTimeoutSeconds: 2,
    readTimeoutSeconds: 2,
    caFile,
    ...options,
    resolveName: (name) => {
      resolved.push(name)
      return resolveName(name)
    },
  })
  t.after(() => outbound.close())
  return { ...outbound, resolved }
}

const json =
  (value: unknown, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(value))
  }

const fetchDocument = (documents: IdentityDocuments, url: string) => documents.fetch(new URL(url))

async function faultOf(documents: IdentityDocuments, url: string): Promise<string> {
  const result = await fetchDocument(documents, url)
  return result.ok ? 'fetched' : `${result.error.kind}: ${result.error.evidence}`
}

describe('an identity document', () => {
  test('[R18] [R20] is fetched by https with its cache lifetime', async (t) => {
    const { port, requests } = await serve(
      t,
      json({ hello: 1 }, { 'cache-control': 'max-age=120' }),
    )
    const { identityDocuments } = setUp(t)
    const result = await fetchDocument(identityDocuments, `https://${host}:${port}${path}`)
    assert.deepEqual(result, { ok: true, value: { json: { hello: 1 }, maxAgeSeconds: 120 } })
    assert.equal(requests[0]?.url, path)
    assert.equal(requests[0]?.headers.host, `${host}:${port}`)
    assert.equal(requests[0]?.headers['accept-encoding'], 'identity')
    assert.equal(requests[0]?.headers.authorization, undefined)
    assert.equal(requests[0]?.headers.cookie, undefined)
  })

  test('[R100] is refused from a server whose certificate nobody vouches for', async (t) => {
    const other = createTestCertificate([host])
    const { port, requests } = await serve(t, json({}), { tls: other })
    const { identityDocuments } = setUp(t)
    assert.match(
      await faultOf(identityDocuments, `https://${host}:${port}${path}`),
      /^document_unavailable: /,
    )
    assert.equal(requests.length, 0)
  })

  test('[R100] is refused from a server whose certificate is for another name', async (t) => {
    const { port, requests } = await serve(t, json({}))
    const { identityDocuments } = setUp(t)
    assert.match(
      await faultOf(identityDocuments, `https://other.example.com:${port}${path}`),
      /^document_unavailable: ERR_TLS_CERT_ALTNAME_INVALID/,
    )
    assert.equal(requests.length, 0)
  })

  test('[R100] is refused although the environment says that certificates need not be verified', async (t) => {
    const former = process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    t.after(() => {
      if (former === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = former
    })
    const { port, requests } = await serve(t, json({}), { tls: createTestCertificate([host]) })
    const { identityDocuments, fetch } = setUp(t)
    assert.match(
      await faultOf(identityDocuments, `https://${host}:${port}${path}`),
      /^document_unavailable/,
    )
    await assert.rejects(fetch(`https://127.0.0.1:${port}/token`))
    assert.equal(requests.length, 0)
  })

  test('ignores proxies that the environment names', async (t) => {
    const proxy = await serve(t, json({}), { plain: true })
    for (const name of [
      'HTTPS_PROXY',
      'https_proxy',
      'HTTP_PROXY',
      'http_proxy',
      'NODE_USE_ENV_PROXY',
    ]) {
      const former = process.env[name]
      process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : `http://127.0.0.1:${proxy.port}`
      t.after(() => {
        if (former === undefined) delete process.env[name]
        else process.env[name] = former
      })
    }
    const { port, requests } = await serve(t, json({}))
    const { identityDocuments } = setUp(t)
    assert.equal(await faultOf(identityDocuments, `https://${host}:${port}${path}`), 'fetched')
    assert.equal(requests.length, 1)
    assert.equal(proxy.connections(), 0)
  })

  describe('is never asked for at an address inside', () => {
    for (const [name, url] of [
      ['a loopback address', 'https://127.0.0.1:PORT'],
      ['a short loopback address', 'https://127.1:PORT'],
      ['a hexadecimal loopback address', 'https://0x7f000001:PORT'],
      ['a decimal loopback address', 'https://2130706433:PORT'],
      ['an octal loopback address', 'https://0177.0.0.1:PORT'],
      ['the zero address', 'https://0.0.0.0:PORT'],
      ['IPv6 loopback', 'https://[::1]:PORT'],
      ['IPv4-mapped loopback', 'https://[::ffff:127.0.0.1]:PORT'],
      ['the metadata address', 'https://169.254.169.254'],
      ['a private address', 'https://10.0.0.1'],
    ] as const)
      test(name, async (t) => {
        const { port, connections } = await serve(t, json({}))
        const { identityDocuments } = setUp(t, { allowNetworks: [] })
        const fault = await faultOf(identityDocuments, url.replace('PORT', String(port)) + path)
        assert.match(fault, /^document_unavailable: .* is refused: /)
        assert.equal(connections(), 0)
      })

    for (const addresses of [
      ['127.0.0.1'],
      ['169.254.169.254'],
      ['93.184.216.34', '127.0.0.1'],
      ['2606:4700::1111', '::1'],
      ['::ffff:127.0.0.1'],
      ['64:ff9b::7f00:1'],
    ])
      test(`when DNS answers ${addresses.join(' and ')}`, async (t) => {
        const { port, connections } = await serve(t, json({}))
        const { identityDocuments } = setUp(t, {
          allowNetworks: [],
          resolveName: async () => addresses,
        })
        const fault = await faultOf(identityDocuments, `https://${host}:${port}${path}`)
        assert.match(fault, /^document_unavailable: .* is refused: /)
        assert.equal(connections(), 0)
      })

    test('when DNS changes its answer after the check (rebinding)', async (t) => {
      const inside = await serve(t, json({ inside: true }))
      const { port } = await (async () => {
        const outside = createHttpsServer(certificate, json({ inside: false }))
        await new Promise<void>((resolve) => outside.listen(inside.port, '127.0.0.2', resolve))
        t.after(() => {
          outside.closeAllConnections()
          outside.close()
        })
        return outside.address() as AddressInfo
      })()
      const answers = [['127.0.0.2'], ['127.0.0.1'], ['127.0.0.1']]
      const { identityDocuments, resolved } = setUp(t, {
        allowNetworks: ['127.0.0.2/32'],
        resolveName: async () => answers.shift() ?? [],
      })
      const result = await fetchDocument(identityDocuments, `https://${host}:${port}${path}`)
      assert.deepEqual(result, { ok: true, value: { json: { inside: false } } })
      assert.deepEqual(resolved, [host])
      assert.equal(inside.connections(), 0)
    })

    test('when the answer is a redirect there', async (t) => {
      const inside = await serve(t, json({}), { plain: true })
      for (const status of [301, 302, 303, 307, 308]) {
        const { port } = await serve(t, (_request, response) => {
          response.writeHead(status, { location: `http://127.0.0.1:${inside.port}/` }).end()
        })
        const { identityDocuments } = setUp(t)
        assert.match(await faultOf(identityDocuments, `https://${host}:${port}${path}`), /redirect/)
      }
      assert.equal(inside.connections(), 0)
    })
  })

  test('is not fetched by http, but from loopback in development', async (t) => {
    const { port, connections } = await serve(t, json({ ok: 1 }), { plain: true })
    const strict = setUp(t)
    assert.match(
      await faultOf(strict.identityDocuments, `http://127.0.0.1:${port}${path}`),
      /http: is refused/,
    )
    assert.equal(connections(), 0)
    const development = setUp(t, { allowLoopbackHttp: true, allowNetworks: [] })
    assert.equal(
      await faultOf(development.identityDocuments, `http://127.0.0.1:${port}${path}`),
      'fetched',
    )
    assert.equal(
      await faultOf(development.identityDocuments, `http://localhost:${port}${path}`),
      'fetched',
    )
    assert.match(
      await faultOf(development.identityDocuments, `http://${host}:${port}${path}`),
      /http: is refused/,
    )
    const lying = setUp(t, { allowLoopbackHttp: true, resolveName: async () => ['10.0.0.1'] })
    assert.match(
      await faultOf(lying.identityDocuments, `http://localhost:${port}${path}`),
      /not loopback/,
    )
  })

  const wrong: readonly [string, RegExp, RequestListener][] = [
    [
      'a status that is not 200',
      /^document_unavailable: status 404/,
      (_, response) => void response.writeHead(404).end('{}'),
    ],
    [
      'a page',
      /^document_invalid: content type text\/html/,
      (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('{}'),
    ],
    [
      'no content type',
      /^document_invalid: content type absent/,
      (_, response) => void response.writeHead(200).end('{}'),
    ],
    [
      'broken JSON',
      /^document_invalid: not JSON/,
      (_, response) =>
        void response.writeHead(200, { 'content-type': 'application/json' }).end('{"a":'),
    ],
    [
      'JSON that is not UTF-8',
      /^document_invalid: not JSON/,
      (_, response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(Buffer.from('"\xe9"', 'latin1')),
    ],
    [
      'a gzip bomb',
      /^document_invalid: content encoding gzip/,
      (_, response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end(gzipSync(Buffer.alloc(10_000_000))),
    ],
    [
      'a brotli bomb',
      /^document_invalid: content encoding br/,
      (_, response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'br' })
          .end(brotliCompressSync(Buffer.alloc(100_000))),
    ],
    [
      '64 KiB and a byte',
      /^document_invalid: longer than 65536 bytes/,
      (_, response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(`"${'x'.repeat(65_535)}"`),
    ],
    ['a hang-up', /^document_unavailable/, (request) => void request.socket.destroy()],
  ]
  for (const [name, fault, answer] of wrong)
    test(`is refused when the answer is ${name}`, async (t) => {
      const { port } = await serve(t, answer)
      const { identityDocuments } = setUp(t)
      assert.match(await faultOf(identityDocuments, `https://${host}:${port}${path}`), fault)
    })

  test('of exactly 64 KiB, with a +json type, is taken', async (t) => {
    const { port } = await serve(t, (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/agent+json; charset=utf-8' })
      response.end(`"${'x'.repeat(65_534)}"`)
    })
    const { identityDocuments } = setUp(t)
    assert.equal(await faultOf(identityDocuments, `https://${host}:${port}${path}`), 'fetched')
  })

  test('without an end is cut off as soon as it is too long', async (t) => {
    const closed = Promise.withResolvers<void>()
    const { port } = await serve(t, (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.on('close', closed.resolve)
      const pour = () => {
        while (response.write(Buffer.alloc(16_384, 0x20)));
        response.once('drain', pour)
      }
      pour()
    })
    const { identityDocuments } = setUp(t)
    const fault = await faultOf(identityDocuments, `https://${host}:${port}${path}`)
    assert.equal(fault, 'document_invalid: longer than 65536 bytes')
    await closed.promise
  })

  describe('is not waited for', () => {
    const impatient = { connectTimeoutSeconds: 0.3, readTimeoutSeconds: 0.3 }

    test('[R25] when the name server never answers', async (t) => {
      const { identityDocuments } = setUp(t, {
        ...impatient,
        resolveName: () => new Promise(() => {}),
      })
      assert.match(
        await faultOf(identityDocuments, `https://${host}${path}`),
        /^document_unavailable/,
      )
    })

    test('[R25] when the connection is taken but TLS never starts', async (t) => {
      const { createServer } = await import('node:net')
      const sockets = new Set<{ destroy(): void }>()
      const mute = createServer((socket) => sockets.add(socket.on('error', () => {})))
      await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
      t.after(() => {
        for (const socket of sockets) socket.destroy()
        mute.close()
      })
      const { port } = mute.address() as AddressInfo
      const { identityDocuments } = setUp(t, impatient)
      assert.match(
        await faultOf(identityDocuments, `https://${host}:${port}${path}`),
        /^document_unavailable/,
      )
    })

    test('[R25] when no headers come', async (t) => {
      const { port } = await serve(t, () => {})
      const { identityDocuments } = setUp(t, impatient)
      assert.match(
        await faultOf(identityDocuments, `https://${host}:${port}${path}`),
        /^document_unavailable/,
      )
    })

    test('[R25] when the body drips, byte by byte, for ever', async (t) => {
      const { port } = await serve(t, (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        const drip = setInterval(() => response.write(' '), 20)
        response.on('close', () => clearInterval(drip))
      })
      const { identityDocuments } = setUp(t, impatient)
      const fault = await faultOf(identityDocuments, `https://${host}:${port}${path}`)
      assert.match(fault, /^document_unavailable/)
    })
  })
})

describe('an attestation, with its document on the wire', () => {
  const base = 'https://gateway.example'

  async function verify(
    t: TestContext,
    answer: RequestListener,
    options: Partial<OutboundOptions> = {},
  ) {
    const clock = createVirtualClock()
    const server = await serve(t, answer)
    const { identityDocuments } = setUp(t, options)
    const verifier = createAttestationVerifier({
      documents: identityDocuments,
      replay: new InMemoryReplayStore(),
      clock,
      allowLoopbackHttp: false,
    })
    const agentId = `https://${host}:${server.port}${path}`
    return { clock, server, verifier, agentId }
  }

  const reasonOf = (
    result: Awaited<ReturnType<ReturnType<typeof createAttestationVerifier>['verify']>>,
  ) =>
    result.ok
      ? 'accepted'
      : result.error.reason === 'attestation'
        ? result.error.fault.kind
        : result.error.reason

  test('[R17] [R18] [R29] is verified against the document that the agent serves', async (t) => {
    const served: { document?: unknown } = {}
    const { clock, verifier, agentId, server } = await verify(t, (request, response) =>
      json(served.document)(request, response),
    )
    const agent = await createTestAgent({ agentId, clock })
    served.document = agent.document()
    for (let count = 0; count < 2; count++) {
      const jwt = await agent.attest({ audience: base })
      assert.equal(reasonOf(await verifier.verify(jwt, { audiences: [base] })), 'accepted')
    }
    assert.equal(server.requests.length, 1)
  })

  for (const [name, answer] of [
    [
      'over the limit',
      (_, response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json' })
          .end('x'.repeat(70_000)),
    ],
    [
      'a redirect to 127.0.0.1',
      (_, response) => void response.writeHead(302, { location: 'https://127.0.0.1/' }).end(),
    ],
  ] as const satisfies readonly (readonly [string, RequestListener])[])
    test(`[R29] is refused when its document is ${name}`, async (t) => {
      const { clock, verifier, agentId } = await verify(t, answer)
      const agent = await createTestAgent({ agentId, clock })
      const result = await verifier.verify(await agent.attest({ audience: base }), {
        audiences: [base],
      })
      assert.match(reasonOf(result), /^document_/)
    })

  test('[R29] is refused when DNS sends us to the metadata address, and nothing leaves for it', async (t) => {
    const { clock, verifier, agentId, server } = await verify(t, json({}), {
      allowNetworks: [],
      resolveName: async () => ['169.254.169.254'],
    })
    const agent = await createTestAgent({ agentId, clock })
    const result = await verifier.verify(await agent.attest({ audience: base }), {
      audiences: [base],
    })
    assert.equal(reasonOf(result), 'document_unavailable')
    assert.equal(server.connections(), 0)
  })
})

describe('a call to an OAuth server', () => {
  test('may go to a private network, sends what it was given and gives the answer back', async (t) => {
    const bodies: string[] = []
    const { port, requests } = await serve(t, (request, response) => {
      request.setEncoding('utf8').on('data', (chunk: string) => bodies.push(chunk))
      request.on('end', () => json({ ok: 1 }, { 'x-one': 'two' })(request, response))
    })
    const { fetch } = setUp(t, { allowNetworks: [] })
    const response = await fetch(`https://127.0.0.1:${port}/token`, {
      method: 'POST',
      headers: { authorization: 'Basic eA==' },
      body: new URLSearchParams({ a: 'b c' }),
    })
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('x-one'), 'two')
    assert.deepEqual(await response.json(), { ok: 1 })
    assert.deepEqual(bodies, ['a=b+c'])
    assert.equal(requests[0]?.headers.authorization, 'Basic eA==')
    assert.equal(
      requests[0]?.headers['content-type'],
      'application/x-www-form-urlencoded;charset=UTF-8',
    )
  })

  test('[R100] verifies the certificate', async (t) => {
    const { port, requests } = await serve(t, json({}), {
      tls: createTestCertificate(['127.0.0.1']),
    })
    const { fetch } = setUp(t)
    await assert.rejects(fetch(`https://127.0.0.1:${port}/token`))
    assert.equal(requests.length, 0)
  })

  test('hands a redirect back and does not follow it', async (t) => {
    const inside = await serve(t, json({}))
    const { port } = await serve(t, (_request, response) => {
      response.writeHead(307, { location: `https://127.0.0.1:${inside.port}/` }).end()
    })
    const { fetch } = setUp(t)
    assert.equal((await fetch(`https://127.0.0.1:${port}/token`, { method: 'POST' })).status, 307)
    assert.equal(inside.connections(), 0)
  })

  test('takes no answer of more than 1 MiB, counted after decompression', async (t) => {
    const bomb = gzipSync(Buffer.alloc(20_000_000))
    assert.ok(bomb.length < 100_000)
    const { port } = await serve(t, (request, response) => {
      const headers = { 'content-type': 'application/json' }
      if (request.url === '/bomb')
        response.writeHead(200, { ...headers, 'content-encoding': 'gzip' }).end(bomb)
      else response.writeHead(200, headers).end(Buffer.alloc(1024 * 1024 + 1))
    })
    const { fetch } = setUp(t)
    for (const at of ['/bomb', '/long'])
      await assert.rejects(fetch(`https://127.0.0.1:${port}${at}`), { code: 'answer_over_limit' })
  })

  test('ends when its time is over, also in the middle of a body', async (t) => {
    const { port } = await serve(t, (request, response) => {
      if (request.url === '/body') response.writeHead(200).write('{')
    })
    const { fetch } = setUp(t, { connectTimeoutSeconds: 0.2, readTimeoutSeconds: 0.3 })
    for (const at of ['/headers', '/body'])
      await assert.rejects(fetch(`https://127.0.0.1:${port}${at}`))
  })

  test('ends when the caller says so', async (t) => {
    const asked = Promise.withResolvers<void>()
    const { port } = await serve(t, () => asked.resolve())
    const { fetch } = setUp(t)
    const controller = new AbortController()
    const answer = fetch(`https://127.0.0.1:${port}/`, { signal: controller.signal })
    await asked.promise
    controller.abort()
    await assert.rejects(answer, { name: 'AbortError' })
  })
})
