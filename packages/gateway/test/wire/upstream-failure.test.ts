import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createTestCertificate } from '@sallyport/testing'
import { call, openOther, startRawUpstream, startUpstream } from './world.ts'

const certificate = createTestCertificate(['127.0.0.1', 'localhost'])

describe('an upstream that is not there', () => {
  test('refusing connections is 502 UPSTREAM_ERROR in the ATH error shape, with its record', async (t) => {
    const upstream = await startUpstream(() => {})
    await upstream.close()
    const world = await openOther(t, { upstreamUrl: upstream.url })
    const answer = await call(world, '/ath/proxy/oa/x')
    assert.equal(answer.status, 502)
    const body = answer.json()
    assert.equal(body['code'], 'UPSTREAM_ERROR')
    assert.deepEqual(body['details'], { reason: 'upstream_unreachable' })
    assert.equal(body['retryable'], true)
    assert.equal(body['instance'], 'evt_0')
    assert.doesNotMatch(answer.body.toString(), /ECONNREFUSED|127\.0\.0\.1/)
    assert.deepEqual(world.events.at(-1)?.evidence, { cause: 'ECONNREFUSED' })
    assert.equal(world.events.at(-1)?.reached, 'forward')
  })

  test('resetting the connection is 502, and a POST is not sent twice', async (t) => {
    let requests = 0
    const upstream = await startRawUpstream(t, (socket) => {
      requests++
      socket.resetAndDestroy()
    })
    const world = await openOther(t, { upstreamUrl: upstream.url })
    const answer = await call(world, '/ath/proxy/oa/x', { method: 'POST', body: 'pay' })
    assert.equal(answer.status, 502)
    assert.equal(requests, 1)
  })

  for (const [method, body, status, requests] of [
    ['GET', undefined, 200, 3],
    ['POST', 'pay', 502, 2],
  ] as const)
    test(`on a connection that the upstream had just closed, a ${method} is asked ${requests - 1} times`, async (t) => {
      let served = 0
      const used = new WeakSet<object>()
      const upstream = await startRawUpstream(t, (socket) => {
        served++
        // The first request of a connection is answered, the second meets a server that hangs up.
        if (used.has(socket)) socket.destroy()
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
        used.add(socket)
      })
      const world = await openOther(t, { upstreamUrl: upstream.url })
      assert.equal((await call(world, '/ath/proxy/oa/x')).status, 200)
      const second = await call(world, '/ath/proxy/oa/x', { method, ...(body ? { body } : {}) })
      assert.equal(second.status, status)
      assert.equal(served, requests)
    })

  test('an upstream that was restarted is found again', async (t) => {
    const first = await startUpstream((_, response) => response.end('first'))
    const world = await openOther(t, { upstreamUrl: first.url })
    assert.equal((await call(world, '/ath/proxy/oa/x')).body.toString(), 'first')
    await first.close()
    assert.equal((await call(world, '/ath/proxy/oa/x')).status, 502)
    const second = await startUpstream(
      (_, response) => response.end('second'),
      undefined,
      first.port,
    )
    t.after(() => second.close())
    assert.equal((await call(world, '/ath/proxy/oa/x')).body.toString(), 'second')
  })
})

describe('an upstream that is slow', () => {
  test('to answer is 504 UPSTREAM_TIMEOUT with how long it was waited for', async (t) => {
    const world = await openOther(t, { upstream: () => {}, timeouts: { headersSeconds: 1 } })
    const answer = await call(world, '/ath/proxy/oa/x')
    assert.equal(answer.status, 504)
    assert.equal(answer.json()['code'], 'UPSTREAM_TIMEOUT')
    assert.deepEqual(answer.json()['details'], {
      reason: 'upstream_timeout',
      after: 'headers',
      limit_seconds: 1,
    })
  })

  test('in the middle of its answer breaks the answer off', async (t) => {
    const world = await openOther(t, {
      upstream: (_, response) => void response.write('some'),
      timeouts: { idleSeconds: 1 },
    })
    await assert.rejects(call(world, '/ath/proxy/oa/x'))
    const record = await world.recorded((event) => event.denial_reason === 'upstream_timeout')
    assert.deepEqual(record.evidence, { after: 'body', limit_seconds: 1 })
    assert.equal(record.bytes_out, 4)
  })
})

describe('an upstream with TLS', () => {
  const upstream = (_: unknown, response: { end(text: string): void }) => response.end('sealed')

  test('[R100] whose certificate nobody vouches for is 502, and gets no request', async (t) => {
    let asked = 0
    const world = await openOther(t, {
      tls: certificate,
      upstream: (_, response) => {
        asked++
        response.end()
      },
    })
    const answer = await call(world, '/ath/proxy/oa/x')
    assert.equal(answer.status, 502)
    assert.equal(asked, 0)
    assert.match(String(world.events.at(-1)?.evidence?.['cause']), /SELF_SIGNED|UNABLE_TO_VERIFY/)
  })

  test('[R100] is reached when its own CA is configured', async (t) => {
    const world = await openOther(t, { tls: certificate, upstream, ca: certificate.cert })
    assert.equal((await call(world, '/ath/proxy/oa/x')).body.toString(), 'sealed')
  })

  test('[R100] with a certificate for another name is 502', async (t) => {
    const other = createTestCertificate(['other.example'])
    const world = await openOther(t, { tls: other, upstream, ca: other.cert })
    assert.equal((await call(world, '/ath/proxy/oa/x')).status, 502)
    assert.deepEqual(world.events.at(-1)?.evidence, { cause: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  })
})
