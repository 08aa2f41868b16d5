import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type AthCall, jsonAnswer } from '@ath-protocol/server'
import { createTestCertificate } from '@sallyport/testing'
import { call, openOther, read } from './world.ts'

describe('the control plane', () => {
  test('gets method, path, query, headers, body and address, and its answers carry security headers', async (t) => {
    let got: AthCall | undefined
    const world = await openOther(t, {
      control: async (asked) => {
        got = asked
        return jsonAnswer(201, { ok: true })
      },
    })
    const answer = await call(world, '/ath/token?a=1&b=%20', {
      method: 'POST',
      body: '{}',
      headers: { 'x-forwarded-for': '6.6.6.6', 'content-type': 'application/json' },
    })
    assert.equal(answer.status, 201)
    assert.equal(got?.method, 'POST')
    assert.equal(got?.path, '/ath/token')
    assert.equal(got?.query.get('b'), ' ')
    assert.equal(Buffer.from(got?.body ?? []).toString(), '{}')
    assert.equal(got?.headers['content-type'], 'application/json')
    assert.equal(got?.ip, '127.0.0.1')
    assert.match(String(answer.headers['content-security-policy']), /default-src 'none'/)
    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
    assert.equal(answer.headers['x-frame-options'], 'DENY')
    assert.equal(answer.headers['referrer-policy'], 'no-referrer')
    assert.equal(answer.headers['cache-control'], 'no-store')
  })

  test('an answer’s own policy and cookies stand', async (t) => {
    const world = await openOther(t, {
      control: async () => ({
        status: 200,
        headers: { 'Content-Security-Policy': "default-src 'self'", 'set-cookie': ['a=1', 'b=2'] },
        body: '<p>',
      }),
    })
    const answer = await call(world, '/page')
    assert.equal(answer.headers['content-security-policy'], "default-src 'self'")
    assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2'])
  })

  test('a body over 64 KiB is 413, declared or not', async (t) => {
    let asked = 0
    const world = await openOther(t, {
      control: async () => {
        asked++
        return jsonAnswer(200, {})
      },
    })
    const body = Buffer.alloc(65_537)
    const declared = await call(world, '/ath/token', { method: 'POST', body, headers: {} })
    const chunked = await call(world, '/ath/token', {
      method: 'POST',
      body,
      headers: { 'transfer-encoding': 'chunked' },
    })
    assert.equal(declared.status, 413)
    assert.equal(chunked.status, 413)
    assert.equal(asked, 0)
  })

  test('nothing there is 404, and a bug is 500 without detail', async (t) => {
    const world = await openOther(t, {
      control: async (asked) => {
        if (asked.path === '/bug') throw new Error('secret detail')
        return undefined
      },
    })
    const nothing = await call(world, '/nothing')
    assert.equal(nothing.status, 404)
    assert.equal(nothing.json()['code'], 'NOT_FOUND')
    const bug = await call(world, '/bug')
    assert.equal(bug.status, 500)
    assert.doesNotMatch(bug.body.toString(), /secret detail/)
  })
})

test('the caller’s address is what trusted proxies say, and nothing that they merely pass on', async (t) => {
  let ip = ''
  const world = await openOther(t, {
    listen: { trustedProxies: ['127.0.0.0/8', '10.0.0.0/8'] },
    control: async (asked) => {
      ip = asked.ip
      return jsonAnswer(200, {})
    },
  })
  const from = async (value: string | readonly string[]) => {
    await call(world, '/x', { headers: { 'x-forwarded-for': value as string } })
    return ip
  }
  assert.equal(await from('203.0.113.9'), '203.0.113.9')
  assert.equal(await from('6.6.6.6, 203.0.113.9, 10.0.0.3'), '203.0.113.9')
  assert.equal(await from(['6.6.6.6', '203.0.113.9']), '203.0.113.9')
  assert.equal(await from('::ffff:203.0.113.9'), '203.0.113.9')
  assert.equal(await from('203.0.113.9:4711'), '203.0.113.9')
  assert.equal(await from('[2001:db8::1]:4711, 10.0.0.3:80'), '2001:db8::1')
  for (const unreadable of ['nonsense', '6.6.6.6, nonsense, 10.0.0.3', 'unknown', '6.6.6.6,', ''])
    assert.equal(await from(unreadable), 'unknown', unreadable)
})

test('health: live while the process answers, ready while it can decide and record', async (t) => {
  let missing: string[] = []
  const world = await openOther(t, { missing: () => missing })
  assert.equal((await call(world, '/health/live')).status, 200)
  assert.equal((await call(world, '/health/ready')).status, 200)
  missing = ['audit']
  const answer = await call(world, '/health/ready')
  assert.equal(answer.status, 503)
  assert.deepEqual(answer.json(), { status: 'not_ready', missing: ['audit'] })
  assert.equal((await call(world, '/health/live')).status, 200)
})

test('[R114] with a certificate the gateway speaks TLS', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-'))
  t.after(() => rmSync(dir, { recursive: true }))
  const { cert, key } = createTestCertificate(['127.0.0.1'])
  writeFileSync(join(dir, 'cert.pem'), cert)
  writeFileSync(join(dir, 'key.pem'), key, { mode: 0o600 })
  const world = await openOther(t, {
    listen: { tls: { certFile: join(dir, 'cert.pem'), keyFile: join(dir, 'key.pem') } },
  })
  const get = (options: https.RequestOptions) =>
    new Promise<http.IncomingMessage>((resolve, reject) => {
      https
        .get(
          `${world.url}/ath/proxy/oa/x`,
          { headers: world.good, ca: cert, agent: false, ...options },
          resolve,
        )
        .on('error', reject)
    })
  assert.equal((await read(await get({}))).body.toString(), 'ok')
  await assert.rejects(get({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }))
})

describe('shutting down', () => {
  test('finishes what is under way, takes nothing new, and is not ready', async (t) => {
    let finish: () => void = () => {}
    let arrived: () => void = () => {}
    const here = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const world = await openOther(t, {
      upstream: (_, response) => {
        finish = () => response.end('finished')
        arrived()
      },
    })
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    t.after(() => agent.destroy())
    const slow = call(world, '/ath/proxy/oa/slow')
    await here
    const closed = world.listener.close()
    await assert.rejects(call(world, '/ath/proxy/oa/x'), /ECONNREFUSED/)
    finish()
    assert.equal((await slow).body.toString(), 'finished')
    await closed
  })

  test('ends what is still open when the time is up, as broken', async (t) => {
    const world = await openOther(t, {
      listen: { drainSeconds: 0.1 },
      upstream: (_, response) => void response.write('data: 1\n\n'),
    })
    const request = http.get({
      port: world.port,
      path: '/ath/proxy/oa/events',
      headers: world.good,
      agent: false,
    })
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    await once(response, 'data')
    const broken = assert.rejects(once(response, 'end'))
    await world.listener.close()
    await broken
    assert.equal(response.complete, false)
    assert.equal(world.events.at(-1)?.denial_reason, 'draining')
  })

  test('a call that was still waiting is told 503 with Retry-After', async (t) => {
    let arrived: () => void = () => {}
    const here = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const world = await openOther(t, { listen: { drainSeconds: 0.1 }, upstream: () => arrived() })
    const waiting = call(world, '/ath/proxy/oa/slow')
    await here
    await world.listener.close()
    const answer = await waiting
    assert.equal(answer.status, 503)
    assert.ok(answer.headers['retry-after'])
  })
})
