import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { after, before, describe, test } from 'node:test'
import { call, openOther, openWorld, raw, startRawUpstream, type World } from './world.ts'

const requests: string[] = []
let world: World

before(async () => {
  world = await openWorld({
    upstream: (request, response) => {
      requests.push(`${request.method} ${request.url}`)
      request.resume().on('end', () => response.end('fine'))
    },
    listen: { maxHeaderBytes: 8192 },
  })
})
after(() => world.close())

const head = (lines: string, target = '/ath/proxy/oa/x', method = 'POST') =>
  `${method} ${target} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${world.token}\r\n` +
  `X-ATH-Agent-ID: ${world.good['x-ath-agent-id']}\r\n${lines}\r\n`

describe('requests that two servers would read differently never reach the upstream', () => {
  const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n'
  const cases: readonly [string, string, string][] = [
    ['both lengths', 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${smuggled}`],
    ['two lengths', 'Content-Length: 0\r\nContent-Length: 44\r\n', smuggled],
    ['a list of lengths', 'Content-Length: 0, 44\r\n', smuggled],
    ['a signed length', 'Content-Length: +44\r\n', smuggled],
    ['a hexadecimal length', 'Content-Length: 0x2c\r\n', smuggled],
    [
      'chunked said twice',
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n',
      `0\r\n\r\n`,
    ],
    ['an unknown coding', 'Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${smuggled}`],
    ['a coding before chunked', 'Transfer-Encoding: gzip, chunked\r\n', `0\r\n\r\n`],
    ['chunked not last', 'Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${smuggled}`],
    ['a space before the colon', 'Transfer-Encoding : chunked\r\n', `0\r\n\r\n${smuggled}`],
    ['a folded header', 'X-A: 1\r\n Transfer-Encoding: chunked\r\n', ''],
    ['a bare CR in a header', 'X-A: 1\rContent-Length: 44\r\n', smuggled],
    ['a NUL in a header', 'X-A: 1\0\r\n', ''],
    ['a chunk size with rubbish', 'Transfer-Encoding: chunked\r\n', `5zz\r\nhello\r\n0\r\n\r\n`],
    ['a negative chunk size', 'Transfer-Encoding: chunked\r\n', `-1\r\nhello\r\n0\r\n\r\n`],
    ['a header name with a space', 'X A: 1\r\n', ''],
    ['two hosts', 'Host: other\r\n', ''],
    ['two authorizations', 'Authorization: Bearer x\r\n', ''],
  ]
  for (const [name, lines, body] of cases)
    test(`[R99] ${name}`, async () => {
      requests.length = 0
      const text = await raw(world, `${head(lines)}${body}`, '"retryable"')
      assert.ok(!requests.some((line) => line.includes('smuggled')), requests.join())
      assert.match(text, /^HTTP\/1\.1 (400|502) /)
      assert.match(text, /"code":"(INVALID_REQUEST|UPSTREAM_ERROR|INTERNAL_ERROR)"/)
    })

  test('headers without end are refused with 431', async () => {
    const text = await raw(world, head(`X-A: ${'a'.repeat(9000)}\r\n`))
    assert.match(text, /^HTTP\/1\.1 431 /)
    assert.match(text, /"limit_bytes":8192/)
  })

  test('bytes that are no HTTP are refused in the ATH error shape', async () => {
    assert.match(
      await raw(world, '\x16\x03\x01\x02\x00\x01'),
      /^HTTP\/1\.1 400 .*"code":"INVALID_REQUEST"/s,
    )
  })

  test('a target in absolute form is read when it names this host, and refused when it names another', async () => {
    const absolute = (host: string) =>
      raw(
        world,
        head('Connection: close\r\nContent-Length: 0\r\n', `http://${host}/ath/proxy/oa/x`),
      )
    assert.match(await absolute('h'), /^HTTP\/1\.1 200 /)
    assert.match(await absolute('evil'), /^HTTP\/1\.1 400 /)
    assert.match(
      await raw(world, head('Connection: close\r\n', 'ftp://h/ath/proxy/oa/x', 'GET')),
      /^HTTP\/1\.1 400 /,
    )
  })

  test('CONNECT makes no tunnel and Upgrade changes no protocol', async () => {
    requests.length = 0
    assert.doesNotMatch(await raw(world, 'CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n'), / 200 /)
    const upgrade = 'Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n'
    assert.match(await raw(world, head(upgrade, '/ath/proxy/oa/ws', 'GET')), /^HTTP\/1\.1 200 /)
    assert.deepEqual(requests, ['GET /ws'])
  })

  test('a fragment in the target is refused', async () => {
    assert.match(
      await raw(world, head('Connection: close\r\n', '/ath/proxy/oa/x#/admin', 'GET')),
      /^HTTP\/1\.1 400 /,
    )
  })
})

describe('upstreams that cannot be believed', () => {
  const answers: readonly [string, string][] = [
    ['no HTTP', 'hello\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    [
      'both framings',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'a coding that is not chunked',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a folded header', 'HTTP/1.1 200 OK\r\nX-A: 1\r\n b\r\nContent-Length: 0\r\n\r\n'],
    ['a NUL in a header', 'HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 0\r\n\r\n'],
    [
      'a bare CR in a header',
      'HTTP/1.1 200 OK\r\nX-A: a\rSet-Cookie: x=1\r\nContent-Length: 0\r\n\r\n',
    ],
    [
      'a control character in a header',
      'HTTP/1.1 200 OK\r\nX-A: a\x01b\r\nContent-Length: 0\r\n\r\n',
    ],
    [
      'a switch of protocols',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
    ],
    ['endless headers', `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(100_000)}\r\n\r\n`],
  ]
  for (const [name, bytes] of answers)
    test(`an answer with ${name} is 502 UPSTREAM_ERROR, and not a byte of it is passed on`, async (t) => {
      const upstream = await startRawUpstream(t, (socket) =>
        socket.write(Buffer.from(bytes, 'latin1')),
      )
      const other = await openOther(t, { upstreamUrl: upstream.url })
      const answer = await call(other, '/ath/proxy/oa/x')
      assert.equal(answer.status, 502)
      assert.equal(answer.json()['code'], 'UPSTREAM_ERROR')
      assert.equal(answer.headers['x-a'], undefined)
      assert.equal(other.events.at(-1)?.outcome, 'error')
    })

  test('an early hint before the answer is not the answer', async (t) => {
    const upstream = await startRawUpstream(t, (socket) =>
      socket.write(
        'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
      ),
    )
    const other = await openOther(t, { upstreamUrl: upstream.url })
    const answer = await call(other, '/ath/proxy/oa/x')
    assert.equal(answer.status, 200)
    assert.equal(answer.body.toString(), 'ok')
  })

  const partial: readonly [string, string][] = [
    ['by length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this'],
    ['chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
  ]
  for (const [name, bytes] of partial)
    test(`half an answer, framed ${name}, reaches the caller as broken and never as whole`, async (t) => {
      const upstream = await startRawUpstream(t, (socket) => {
        socket.write(bytes)
        setTimeout(() => socket.destroy(), 30)
      })
      const other = await openOther(t, { upstreamUrl: upstream.url })
      await assert.rejects(call(other, '/ath/proxy/oa/x'))
      const record = await other.recorded((event) => event.outcome === 'error')
      assert.equal(
        record.denial_reason === 'upstream_unreachable' ||
          record.denial_reason === 'upstream_protocol',
        true,
      )
    })
})

describe('callers who leave', () => {
  test('a caller that leaves while waiting ends the upstream’s request', async (t) => {
    const gone: Promise<unknown>[] = []
    let arrived: () => void
    const here = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const other = await openOther(t, {
      upstream: (_, response) => {
        gone.push(once(response, 'close'))
        arrived()
      },
    })
    const request = http.get({
      port: other.port,
      path: '/ath/proxy/oa/x',
      headers: other.good,
      agent: false,
    })
    request.on('error', () => {})
    await here
    request.destroy()
    await gone[0]
    const record = await other.recorded((event) => event.denial_reason === 'caller_aborted')
    assert.equal(record.outcome, 'error')
    assert.equal(other.dataPath.inFlight, 0)
  })

  test('a caller that leaves in the middle of an answer ends it upstream', async (t) => {
    const gone: Promise<unknown>[] = []
    const other = await openOther(t, {
      upstream: (_, response) => {
        gone.push(once(response, 'close'))
        response.write('some')
      },
    })
    const request = http.get({
      port: other.port,
      path: '/ath/proxy/oa/x',
      headers: other.good,
      agent: false,
    })
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    response.on('error', () => {})
    request.on('error', () => {})
    await once(response, 'data')
    request.destroy()
    await gone[0]
    const record = await other.recorded((event) => event.denial_reason === 'caller_aborted')
    assert.equal(record.bytes_out, 4)
  })

  for (const [name, size] of [
    ['a short', 100],
    ['a long', 1 << 20],
  ] as const)
    test(`a caller that leaves in the middle of ${name} upload leaves the upstream with a broken one`, async (t) => {
      let whole = false
      const gone: Promise<unknown>[] = []
      const other = await openOther(t, {
        upstream: (request, response) => {
          gone.push(once(response, 'close'))
          request.on('error', () => {})
          request.on('end', () => {
            whole = true
          })
          request.resume()
        },
      })
      const socket = net.connect(other.port, '127.0.0.1')
      socket.write(
        `PUT /ath/proxy/oa/x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${other.token}\r\n` +
          `X-ATH-Agent-ID: ${other.good['x-ath-agent-id']}\r\nContent-Length: ${size}\r\n\r\nsome`,
        () => setTimeout(() => socket.destroy(), 50),
      )
      await other.recorded((event) => event.denial_reason === 'caller_aborted')
      await gone[0]
      assert.equal(whole, false)
    })

  for (const method of ['GET', 'POST'])
    test(`a caller that leaves with a ${method} while its token is looked up leaves nothing behind`, async (t) => {
      let asked = 0
      const other = await openOther(t, {
        upstream: (_, response) => {
          asked++
          response.end()
        },
      })
      const find = other.tokens.find.bind(other.tokens)
      let release: (known: boolean) => void = () => {}
      const gate = new Promise<boolean>((resolve) => {
        release = resolve
      })
      const looked = new Promise<void>((resolve) => {
        other.tokens.find = async (hash) => {
          resolve()
          return (await gate) ? find(hash) : undefined
        }
      })
      const request = http.request({
        port: other.port,
        method,
        path: '/ath/proxy/oa/x',
        headers: other.good,
        agent: false,
      })
      request.on('error', () => {})
      request.end(method === 'POST' ? 'body' : undefined)
      await looked
      const left = new Promise((resolve) => request.on('close', resolve))
      request.destroy()
      await left
      // The gateway hears of it on its own socket.
      await call(other, '/health/live')
      release(true)
      const record = await other.recorded((event) => event.event === 'proxy_request')
      assert.equal(record.denial_reason, 'caller_aborted')
      assert.equal(asked, 0)
      assert.equal(other.dataPath.inFlight, 0)
    })

  test('a caller that leaves before it is refused does not end the gateway', async (t) => {
    const other = await openOther(t)
    let release: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const looked = new Promise<void>((resolve) => {
      other.tokens.find = async () => {
        resolve()
        await gate
        return undefined
      }
    })
    const request = http.get({
      port: other.port,
      path: '/ath/proxy/oa/x',
      headers: other.good,
      agent: false,
    })
    request.on('error', () => {})
    await looked
    request.destroy()
    await call(other, '/health/live')
    release()
    const record = await other.recorded((event) => event.event === 'access_denied')
    assert.equal(record.denial_reason, 'token_unknown')
    assert.equal((await call(other, '/health/live')).status, 200)
  })

  test('an upstream that hangs up in the middle of an upload is 502, and the gateway goes on', async (t) => {
    const upstream = await startRawUpstream(t, (socket) => socket.destroy())
    const other = await openOther(t, { upstreamUrl: upstream.url })
    const answer = await call(other, '/ath/proxy/oa/x', {
      method: 'PUT',
      body: Buffer.alloc(900_000),
    })
    assert.equal(answer.status, 502)
    assert.equal(other.dataPath.inFlight, 0)
  })

  test('a caller that stops sending is given up after a minute of silence', async (t) => {
    const other = await openOther(t)
    const socket = net.connect(other.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(
      `PUT /ath/proxy/oa/x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${other.token}\r\n` +
        `X-ATH-Agent-ID: ${other.good['x-ath-agent-id']}\r\nContent-Length: 10\r\n\r\nsome`,
    )
    while (other.dataPath.inFlight === 0) await new Promise((resolve) => setImmediate(resolve))
    other.clock.advance(61)
    await once(socket, 'close')
    assert.equal(other.dataPath.inFlight, 0)
  })
})

describe('uploads beyond the limit', () => {
  test('a declared length over the limit is 413 before a byte goes upstream', async (t) => {
    let asked = 0
    const other = await openOther(t, {
      maxRequestBytes: 1000,
      upstream: (_, response) => {
        asked++
        response.end()
      },
    })
    const answer = await call(other, '/ath/proxy/oa/x', { method: 'PUT', body: 'x'.repeat(1001) })
    assert.equal(answer.status, 413)
    assert.equal(asked, 0)
  })

  test('an upload of unknown length is cut off at the limit with 413, and breaks off upstream', async (t) => {
    let whole = false
    const other = await openOther(t, {
      maxRequestBytes: 100_000,
      upstream: (request) => {
        request.on('error', () => {})
        request.on('end', () => {
          whole = true
        })
        request.resume()
      },
    })
    const answer = await call(other, '/ath/proxy/oa/x', {
      method: 'PUT',
      body: Buffer.alloc(300_000),
      headers: { ...other.good, 'transfer-encoding': 'chunked' },
    })
    assert.equal(answer.status, 413)
    assert.equal(whole, false)
  })

  test('an upstream that answers before the upload is over is heard', async (t) => {
    const other = await openOther(t, {
      upstream: (_, response) => response.writeHead(422).end('no, thanks'),
    })
    const answer = await call(other, '/ath/proxy/oa/x', {
      method: 'PUT',
      body: Buffer.alloc(400_000),
    })
    assert.equal(answer.status, 422)
    assert.equal(answer.body.toString(), 'no, thanks')
  })
})
