import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { AthError } from '@ath-protocol/client'
import fc from 'fast-check'
import { setUpSession } from './setup.ts'

const code = (expected: string) => (error: unknown) =>
  error instanceof AthError && error.code === expected

test('[R91] a call carries the token and the agent id, keeps method, query and headers, and gives the answer untouched', async (t) => {
  const { gateway, session, agent } = await setUpSession(t)
  gateway.upstream = (request, response) => {
    response.writeHead(207, { 'content-type': 'application/xml', 'x-odd': '1' })
    response.end(`<a>${request.method} ${request.url} ${request.headers['accept']}</a>`)
  }
  const answer = await session.fetch('/list?state=open&state=new&q=%E5%BC%A0', {
    method: 'PROPFIND',
    headers: { accept: 'application/xml' },
  })
  assert.equal(answer.status, 207)
  assert.equal(answer.headers.get('x-odd'), '1')
  assert.equal(
    await answer.text(),
    '<a>PROPFIND /list?state=open&state=new&q=%E5%BC%A0 application/xml</a>',
  )
  const sent = gateway.seen.at(-1)?.headers
  assert.equal(sent?.authorization, `Bearer ${session.accessToken}`)
  assert.equal(sent?.['x-ath-agent-id'], agent.agentId)
})

test('[C30] text, bytes, 204 and JSON come back as they are', async (t) => {
  const { gateway, session } = await setUpSession(t)
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
  gateway.upstream = (request, response) => {
    if (request.url === '/none') return response.writeHead(204).end()
    if (request.url === '/bytes') return response.end(bytes)
    return response.end('plain, not JSON')
  }
  const none = await session.fetch('/none')
  assert.equal(none.status, 204)
  assert.equal(none.body, null)
  assert.deepEqual(new Uint8Array(await (await session.fetch('/bytes')).arrayBuffer()), bytes)
  assert.equal(await (await session.fetch('text')).text(), 'plain, not JSON')
})

test('a body of any kind goes up: text, form, bytes, a stream, a Request', async (t) => {
  const { gateway, session } = await setUpSession(t)
  gateway.upstream = async (request, response) => {
    response.setHeader('x-type', request.headers['content-type'] ?? '')
    response.end(await text(request))
  }
  const put = async (body: NonNullable<RequestInit['body']>) => {
    const answer = await session.fetch('/up', { method: 'POST', body })
    return [answer.headers.get('x-type'), await answer.text()]
  }
  assert.deepEqual(await put('text'), ['text/plain;charset=UTF-8', 'text'])
  const form = new URLSearchParams({ a: '1 2' })
  assert.deepEqual(await put(form), ['application/x-www-form-urlencoded;charset=UTF-8', 'a=1+2'])
  assert.deepEqual(await put(new TextEncoder().encode('bytes')), ['', 'bytes'])
  assert.deepEqual(await put(new Blob(['blob'])), ['', 'blob'])
  assert.deepEqual(await put(new Response('streamed').body as ReadableStream), ['', 'streamed'])
  const request = new Request(`${gateway.url}/ath/proxy/oa/up`, {
    method: 'PUT',
    body: 'asked',
    headers: { 'content-type': 'text/csv' },
  })
  const answer = await session.fetch(request)
  assert.deepEqual([answer.headers.get('x-type'), await answer.text()], ['text/csv', 'asked'])
  assert.equal(gateway.seen.at(-1)?.method, 'PUT')
})

test('it streams both ways at once: each part is answered before the next is sent', async (t) => {
  const { gateway, session } = await setUpSession(t)
  gateway.upstream = (request, response) => {
    response.setHeader('content-type', 'text/event-stream')
    response.flushHeaders()
    request.on('data', (part: Buffer) => response.write(`data: ${part}\n\n`))
    request.on('end', () => response.end())
  }
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  const say = (word: string) => writer.write(new TextEncoder().encode(word))
  const calling = session.fetch('/talk', { method: 'POST', body: readable })
  // The platform's fetch sends the headers together with the first part of a streamed body.
  let said = say('one')
  const reader = ((await calling).body as ReadableStream<Uint8Array>).getReader()
  for (const word of ['one', 'two', 'three']) {
    if (word !== 'one') said = say(word)
    await said
    const { value } = await reader.read()
    assert.equal(new TextDecoder().decode(value), `data: ${word}\n\n`)
  }
  await writer.close()
  assert.equal((await reader.read()).done, true)
})

test('an abort reaches the gateway, before the answer and in the middle of it', async (t) => {
  const { gateway, session } = await setUpSession(t)
  let gone = Promise.resolve<unknown>(undefined)
  gateway.upstream = (request, response) => {
    gone = once(response, 'close')
    if (request.url === '/part') response.write('first')
  }
  const early = new AbortController()
  const never = session.fetch('/never', { signal: early.signal })
  await gateway.waitFor('proxy', 1)
  early.abort(new Error('changed my mind'))
  await assert.rejects(never, /changed my mind/)
  await gone
  const late = new AbortController()
  const answer = await session.fetch('/part', { signal: late.signal })
  late.abort()
  await assert.rejects(answer.text(), { name: 'AbortError' })
  await gone
})

test('a call that gets no headers in time fails as TIMEOUT; a slow body does not', async (t) => {
  const { gateway, session } = await setUpSession(t, { callTimeoutSeconds: 0.2 })
  gateway.upstream = (request, response) => {
    if (request.url === '/never') return
    response.write('a')
    setTimeout(() => response.end('b'), 400)
  }
  await assert.rejects(session.fetch('/never', { method: 'POST' }), code('TIMEOUT'))
  assert.equal(await (await session.fetch('/slow')).text(), 'ab')
})

test('a redirect is given back, never followed', async (t) => {
  const { gateway, session } = await setUpSession(t)
  let reached = 0
  const thief = createServer((_request, response) => {
    reached++
    response.end()
  }).listen(0, '127.0.0.1')
  t.after(() => thief.close())
  await once(thief, 'listening')
  const { port } = thief.address() as { port: number }
  gateway.upstream = (_request, response) =>
    response.writeHead(307, { location: `http://127.0.0.1:${port}/` }).end()
  const answer = await session.fetch('/x', { redirect: 'follow' })
  assert.equal(answer.status, 307)
  assert.equal(reached, 0)
})

test('the token goes nowhere but to its provider at its gateway', async (t) => {
  const { gateway, session } = await setUpSession(t)
  const before = gateway.seen.length
  for (const bad of [
    'https://evil.example/ath/proxy/oa/x',
    'http://127.0.0.1:1/ath/proxy/oa/x',
    `${gateway.url}/ath/proxy/crm/x`,
    `${gateway.url}/ath/token`,
    `${gateway.url}/ath/proxy/oa/../crm/x`,
    `${gateway.url.replace('http://', 'http://user:pw@')}/ath/proxy/oa/x`,
    '/../crm/x',
    '/../../token',
    '/%2e%2e/crm/x',
    '\\..\\..\\token',
    'javascript:alert(1)',
    'data:text/plain,x',
    new URL('https://evil.example/'),
  ])
    await assert.rejects(session.fetch(bad), code('ORIGIN_REFUSED'), String(bad))
  assert.equal(gateway.seen.length, before)
  const answer = await session.fetch('//evil.example/x')
  assert.equal(answer.status, 200)
  assert.equal(gateway.seen.at(-1)?.url, '/ath/proxy/oa//evil.example/x')
  assert.equal((await session.fetch(`${gateway.url}/ath/proxy/oa/x`)).status, 200)
})

test('whatever the input, a request stays under the provider’s own path', async (t) => {
  const { gateway, session } = await setUpSession(t)
  const parts = fc.constantFrom('/', '..', '.', '%2e', '\\', '@', ':', '//', '?', '#', 'a', 'http:')
  await fc.assert(
    fc.asyncProperty(fc.array(parts, { maxLength: 8 }), async (pieces) => {
      const count = gateway.seen.length
      const answer = await session.fetch(pieces.join('')).catch((error: unknown) => error)
      if (answer instanceof Response) {
        const url = gateway.seen.at(-1)?.url ?? ''
        assert.match(url, /^\/ath\/proxy\/oa(\/|\?|$)/)
      } else {
        assert.ok(answer instanceof AthError, String(answer))
        assert.equal(gateway.seen.length, count)
      }
    }),
    { numRuns: 150 },
  )
})

test('a GET is sent once more after a dead connection or a 503 with Retry-After; a POST is not', async (t) => {
  const { gateway, session } = await setUpSession(t)
  const calls = () => gateway.seen.filter(({ step }) => step === 'proxy').length
  gateway.next('proxy', (_request, response) => response.destroy())
  assert.equal((await session.fetch('/x')).status, 200)
  assert.equal(calls(), 2)
  gateway.next('proxy', (_request, response) =>
    response.writeHead(503, { 'retry-after': '0' }).end(),
  )
  assert.equal((await session.fetch('/x')).status, 200)
  assert.equal(calls(), 4)
  gateway.next('proxy', (_request, response) =>
    response.writeHead(503, { 'retry-after': '3600' }).end(),
  )
  assert.equal((await session.fetch('/x')).status, 503)
  gateway.next('proxy', (_request, response) => response.destroy())
  await assert.rejects(session.fetch('/x', { method: 'POST', body: 'b' }), code('NETWORK_ERROR'))
  assert.equal(calls(), 6)
  for (let time = 0; time < 2; time++)
    gateway.next('proxy', (_request, response) => response.destroy())
  await assert.rejects(session.fetch('/x'), code('NETWORK_ERROR'))
  assert.equal(calls(), 8)
})

test('`fetch` answers a refusal, `call` throws it with its fix', async (t) => {
  const { gateway, session } = await setUpSession(t)
  gateway.upstream = (request, response) => {
    response.writeHead(request.url === '/own' ? 409 : 403, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify(
        request.url === '/own'
          ? { code: 'STOCK_EMPTY', message: 'the service’s own error' }
          : {
              code: 'SCOPE_NOT_APPROVED',
              message: 'no',
              details: { rule: 'POST /x needs one of: oa:write' },
              fix: 'ask for oa:write',
              retryable: false,
              instance: 'evt_1',
            },
      ),
    )
  }
  assert.equal((await session.fetch('/x')).status, 403)
  const refused = await session.call('/x').catch((error: AthError) => error)
  assert.ok(refused instanceof AthError)
  assert.equal(refused.code, 'SCOPE_NOT_APPROVED')
  assert.equal(refused.status, 403)
  assert.equal(refused.fix, 'ask for oa:write')
  assert.equal(refused.details['rule'], 'POST /x needs one of: oa:write')
  assert.equal(refused.instance, 'evt_1')
  assert.match(refused.docUrl, /#scope_not_approved$/)
  const own = await session.call('/own').catch((error: AthError) => error)
  assert.ok(own instanceof AthError)
  assert.equal(own.code, 'HTTP_ERROR')
  assert.equal(own.status, 409)
})

test('a very large answer flows through without being held', async (t) => {
  const { gateway, session } = await setUpSession(t)
  const chunk = Buffer.alloc(65_536, 'x')
  const chunks = 1024
  gateway.upstream = async (_request, response) => {
    for (let sent = 0; sent < chunks; sent++)
      if (!response.write(chunk)) await once(response, 'drain')
    response.end()
  }
  const answer = await session.fetch('/huge')
  let bytes = 0
  for await (const part of answer.body as ReadableStream<Uint8Array>) bytes += part.byteLength
  assert.equal(bytes, chunks * chunk.length)
})
