import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { bodyOf, call, openOther, openWorld, raw, startRawUpstream, type World } from './world.ts'

interface Seen {
  method: string
  url: string
  rawHeaders: string[]
  body: Buffer
  trailers: NodeJS.Dict<string>
}

let world: World
let seen: Seen
let reply: (response: http.ServerResponse, request: http.IncomingMessage) => void

before(async () => {
  world = await openWorld({
    basePath: '/base',
    upstream: (request, response) => {
      void bodyOf(request).then((body) => {
        seen = {
          method: request.method as string,
          url: request.url as string,
          rawHeaders: request.rawHeaders,
          body,
          trailers: request.trailers,
        }
        reply(response, request)
      })
    },
  })
})
after(() => world.close())

const values = (rawHeaders: readonly string[], name: string) =>
  rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name)

describe('the request', () => {
  test('[R99] the query arrives as it was written, and the path below the base path', async () => {
    reply = (response) => response.end()
    await call(world, '/ath/proxy/oa/docs?b=2&a=1&a=%20&c=%2e%2e%2f&&d&e=a+b?x')
    assert.equal(seen.url, '/base/docs?b=2&a=1&a=%20&c=%2e%2e%2f&&d&e=a+b?x')
    await call(world, '/ath/proxy/oa?x=1')
    assert.equal(seen.url, '/base/?x=1')
    await call(world, '/ath/proxy/oa/%61b%e4%b8%ad?%61')
    assert.equal(seen.url, '/base/ab%E4%B8%AD?%61')
  })

  test('[R99] repeated headers arrive repeated, in order', async () => {
    reply = (response) => response.end()
    await call(world, '/ath/proxy/oa/x', {
      headers: [
        'host',
        'h',
        ...Object.entries(world.good).flat(),
        'X-A',
        '1',
        'x-a',
        '2',
        'X-A',
        '1',
      ],
    })
    assert.deepEqual(values(seen.rawHeaders, 'x-a'), ['1', '2', '1'])
  })

  test('[R102] every method arrives as it is', async () => {
    reply = (response) => response.end()
    for (const method of [
      'GET',
      'HEAD',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'OPTIONS',
      'PROPFIND',
      'PURGE',
    ]) {
      await call(world, '/ath/proxy/oa/x', { method })
      assert.equal(seen.method, method)
    }
  })

  test('[R101] the upstream sees nothing of the agent’s credentials, cookies, ATH headers or forged forwarding', async () => {
    reply = (response) => response.end()
    await call(world, '/ath/proxy/oa/x', {
      headers: {
        ...world.good,
        cookie: 'sid=agent-secret',
        dpop: 'agent-secret',
        'proxy-authorization': 'Basic agent-secret',
        'x-ath-user-token': 'agent-secret',
        x_ath_agent_id: 'agent-secret',
        'x-forwarded-for': '10.0.0.1',
        'x-forwarded-user': 'root',
        forwarded: 'for=10.0.0.1',
        'x-http-method-override': 'DELETE',
        connection: 'x-private',
        'x-private': 'agent-secret',
        'x-kept': 'yes',
      },
    })
    const all = seen.rawHeaders.join('\n').toLowerCase()
    assert.ok(!all.includes('agent-secret') && !all.includes(world.token.toLowerCase()))
    assert.doesNotMatch(all, /x-ath|x_ath|forwarded|override|cookie|authorization|dpop|x-private/)
    assert.match(all, /x-kept\nyes/)
    assert.deepEqual(values(seen.rawHeaders, 'host'), [new URL(world.upstreamUrl).host])
    assert.deepEqual(values(seen.rawHeaders, 'via'), ['1.1 sallyport'])
  })

  const bodies: readonly [string, string, Buffer][] = [
    [
      'XML with a DTD',
      'text/xml',
      Buffer.from('<?xml version="1.0"?>\r\n<!DOCTYPE a>\n<a b="&amp;">\t</a>'),
    ],
    ['CSV', 'text/csv', Buffer.from('a;b\r\n"1""2";3\r\n')],
    [
      'JSON that a parser would change',
      'application/json',
      Buffer.from('{"a":1.0,"a":2 , "n":1e400}'),
    ],
    ['a form', 'application/x-www-form-urlencoded', Buffer.from('a=1&a=2&b=%zz')],
    ['gzip', 'application/gzip', gzipSync('x'.repeat(5000))],
    ['invalid UTF-8', 'text/plain', Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28, 0x0d, 0x0a])],
    ['64 KiB', 'application/octet-stream', randomBytes(65_536)],
    ['64 KiB and a byte', 'application/octet-stream', randomBytes(65_537)],
    ['2 MiB', 'application/octet-stream', randomBytes(2 << 20)],
  ]
  for (const [name, type, body] of bodies) {
    test(`[R99] ${name} passes both ways byte for byte, with its length`, async () => {
      reply = (response) => {
        response.writeHead(200, {
          'content-type': type,
          'content-length': seen.body.length,
          etag: '"1"',
        })
        response.end(seen.body)
      }
      const answer = await call(world, '/ath/proxy/oa/x', {
        method: 'POST',
        body,
        headers: { ...world.good, 'content-type': type, 'content-length': body.length },
      })
      assert.ok(seen.body.equals(body) && answer.body.equals(body))
      assert.deepEqual(values(seen.rawHeaders, 'content-type'), [type])
      assert.deepEqual(values(seen.rawHeaders, 'content-length'), [String(body.length)])
      assert.equal(answer.headers['content-type'], type)
      assert.equal(answer.headers['content-length'], String(body.length))
      assert.equal(answer.headers.etag, '"1"')
    })
    test(`[R99] ${name} passes both ways byte for byte, chunked`, async () => {
      reply = (response) => {
        response.write(seen.body.subarray(0, 3))
        response.end(seen.body.subarray(3))
      }
      const answer = await call(world, '/ath/proxy/oa/x', {
        method: 'PUT',
        body,
        headers: { ...world.good, 'transfer-encoding': 'chunked' },
      })
      assert.ok(seen.body.equals(body) && answer.body.equals(body))
    })
  }

  test('an empty body of either framing, and a GET with a body, arrive as they are', async () => {
    reply = (response) => response.end()
    await call(world, '/ath/proxy/oa/x', {
      method: 'POST',
      headers: { ...world.good, 'content-length': 0 },
    })
    assert.equal(seen.body.length, 0)
    await call(world, '/ath/proxy/oa/x', {
      method: 'PUT',
      headers: { ...world.good, 'transfer-encoding': 'chunked' },
    })
    assert.equal(seen.body.length, 0)
    await call(world, '/ath/proxy/oa/x', {
      body: 'q',
      headers: { ...world.good, 'content-length': 1 },
    })
    assert.equal(seen.body.toString(), 'q')
  })

  test('[R99] trailers that were announced pass both ways', async () => {
    reply = (response) => {
      response.writeHead(200, { trailer: 'X-Sum' })
      response.write('body')
      response.addTrailers({ 'X-Sum': 'down', 'Set-Cookie': 'a=b' })
      response.end()
    }
    const request = http.request({
      port: world.port,
      method: 'POST',
      path: '/ath/proxy/oa/x',
      headers: { ...world.good, trailer: 'X-Sum', te: 'trailers', 'transfer-encoding': 'chunked' },
      agent: false,
    })
    request.write('part one, ')
    request.write('part two')
    request.addTrailers({ 'X-Sum': 'up', Authorization: 'Bearer x' } as never)
    request.end()
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    assert.equal(seen.body.toString(), 'part one, part two')
    assert.deepEqual({ ...seen.trailers }, { 'x-sum': 'up' })
    assert.equal(Buffer.concat(chunks).toString(), 'body')
    assert.deepEqual({ ...response.trailers }, { 'x-sum': 'down' })
    assert.deepEqual(values(seen.rawHeaders, 'te'), ['trailers'])
  })

  test('Expect: 100-continue is answered only once the call was let in', async () => {
    reply = (response) => response.end(seen.body)
    const head = (token: string) =>
      `POST /ath/proxy/oa/x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${token}\r\n` +
      `X-ATH-Agent-ID: ${world.good['x-ath-agent-id']}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`
    const refused = await raw(world, head('ath_tk_wrong'))
    assert.match(refused, /^HTTP\/1\.1 401 /)
    assert.match(refused, /connection: close/i)
    const admitted = await raw(world, head(world.token), '\r\n\r\n')
    assert.match(admitted, /^HTTP\/1\.1 100 Continue/)
    const whole = await call(world, '/ath/proxy/oa/x', {
      method: 'POST',
      body: 'hello',
      headers: { ...world.good, expect: '100-continue', 'content-length': 5 },
    })
    assert.equal(whole.body.toString(), 'hello')
    assert.deepEqual(values(seen.rawHeaders, 'expect'), [])
  })
})

describe('the answer', () => {
  test('[R99] [C30] status, headers and repeats come back; 204, 304 and HEAD have no body', async () => {
    reply = (response) => {
      response.writeHead(418, [
        'X-A',
        '1',
        'X-A',
        '2',
        'Location',
        'http://elsewhere/x',
        'ETag',
        'W/"x"',
      ])
      response.end('text, not JSON')
    }
    const tea = await call(world, '/ath/proxy/oa/x')
    assert.equal(tea.status, 418)
    assert.deepEqual(values(tea.rawHeaders, 'x-a'), ['1', '2'])
    assert.equal(tea.headers.location, 'http://elsewhere/x')
    assert.equal(tea.body.toString(), 'text, not JSON')
    for (const status of [204, 304]) {
      reply = (response) => response.writeHead(status, { etag: '"1"' }).end()
      const empty = await call(world, '/ath/proxy/oa/x')
      assert.equal(empty.status, status)
      assert.equal(empty.headers.etag, '"1"')
      assert.equal(empty.body.length, 0)
    }
    reply = (response) => response.writeHead(200, { 'content-length': 1234 }).end()
    const head = await call(world, '/ath/proxy/oa/x', { method: 'HEAD' })
    assert.equal(head.headers['content-length'], '1234')
    assert.equal(head.body.length, 0)
  })

  test('cookies of the upstream, its hop-by-hop headers and its orders to browsers stay behind', async () => {
    reply = (response) => {
      response.writeHead(200, {
        'set-cookie': ['sid=1', 'b=2'],
        'alt-svc': 'h3=":443"',
        'clear-site-data': '"*"',
        'x-ath-agent': 'x',
        connection: 'x-inner',
        'x-inner': '1',
        'x-kept': 'yes',
      })
      response.end()
    }
    const answer = await call(world, '/ath/proxy/oa/x')
    for (const name of ['set-cookie', 'alt-svc', 'clear-site-data', 'x-ath-agent', 'x-inner'])
      assert.equal(answer.headers[name], undefined, name)
    assert.equal(answer.headers['x-kept'], 'yes')
  })

  test('server-sent events come one by one, with the headers at once', async () => {
    let send: http.ServerResponse | undefined
    reply = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.flushHeaders()
      send = response
    }
    const request = http.get({
      port: world.port,
      path: '/ath/proxy/oa/events',
      headers: { ...world.good, accept: 'text/event-stream' },
      agent: false,
    })
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    assert.equal(response.headers['content-type'], 'text/event-stream')
    for (const text of ['data: 1\n\n', 'data: 2\n\n', ': ping\n\n']) {
      send?.write(text)
      const [chunk] = await once(response, 'data')
      assert.equal(String(chunk), text)
    }
    send?.end()
    await once(response, 'end')
    assert.equal(response.complete, true)
  })

  test('three hundred streams are open at once, and a short call still passes', async () => {
    reply = (response, request) => {
      if (request.url?.startsWith('/base/short')) response.end('short')
      else response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
    }
    const agent = new http.Agent({ keepAlive: false })
    const responses = await Promise.all(
      Array.from({ length: 300 }, async () => {
        const request = http.get({
          port: world.port,
          path: '/ath/proxy/oa/events',
          headers: { ...world.good, accept: 'text/event-stream' },
          agent,
        })
        const [response] = (await once(request, 'response')) as [http.IncomingMessage]
        await once(response, 'data')
        return response
      }),
    )
    assert.equal(world.dataPath.inFlight, 300)
    assert.equal((await call(world, '/ath/proxy/oa/short')).body.toString(), 'short')
    for (const response of responses) {
      response.on('error', () => {})
      response.destroy()
    }
  })

  test('[R99] an answer that ends with its connection comes whole', async (t) => {
    const upstream = await startRawUpstream(t, (socket) => {
      socket.end('HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end')
    })
    const other = await openOther(t, { upstreamUrl: upstream.url })
    const answer = await call(other, '/ath/proxy/oa/x')
    assert.equal(answer.body.toString(), 'until the end')
  })
})

test('1 GiB goes up and comes down whole while memory stays flat', {
  timeout: 120_000,
}, async (t) => {
  const size = 2 ** 30
  const block = randomBytes(1 << 20)
  const upHash = createHash('sha256')
  let upBytes = 0
  let peak = 0
  const other = await openOther(t, {
    upstream: (request, response) => {
      if (request.method === 'GET') {
        response.writeHead(200, { 'content-length': size })
        let left = size / block.length
        const more = () => {
          while (left > 0) {
            left--
            if (!response.write(block)) return void response.once('drain', more)
          }
          response.end()
        }
        more()
        return
      }
      request.on('data', (chunk: Buffer) => {
        upBytes += chunk.length
        upHash.update(chunk)
      })
      request.on('end', () => response.end(upHash.digest('hex')))
    },
  })
  const wanted = createHash('sha256')
  const gc = (globalThis as { gc?: () => void }).gc
  gc?.()
  const before = process.memoryUsage.rss()
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 20)
  const request = http.request({
    port: other.port,
    method: 'PUT',
    path: '/ath/proxy/oa/big',
    headers: { ...other.good, 'content-length': size },
    agent: false,
  })
  for (let sent = 0; sent < size; sent += block.length) {
    wanted.update(block)
    if (!request.write(block)) await once(request, 'drain')
  }
  request.end()
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  let text = ''
  for await (const chunk of response) text += chunk
  assert.equal(upBytes, size)
  assert.equal(text, wanted.digest('hex'))

  const down = http.get({
    port: other.port,
    path: '/ath/proxy/oa/big',
    headers: other.good,
    agent: false,
  })
  const [answer] = (await once(down, 'response')) as [http.IncomingMessage]
  let downBytes = 0
  answer.on('data', (chunk: Buffer) => {
    downBytes += chunk.length
  })
  await once(answer, 'end')
  clearInterval(watch)
  assert.equal(downBytes, size)
  // Client, gateway and upstream share this process; a body held anywhere would show as 1 GiB.
  assert.ok(peak - before < 128 << 20, `grew by ${(peak - before) >> 20} MiB`)
})
