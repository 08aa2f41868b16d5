import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { describe, type TestContext, test } from 'node:test'
import { createRateLimits } from '@ath-protocol/server/parts'
import { openSessionWorld, sealed, sendSealed, unsealed } from './session-world.ts'
import { type Answer, bodyOf, call, openOther, type World, type WorldOptions } from './world.ts'

function restricted(
  answer: Answer,
  reason: string,
  rule: string,
  world: World,
  reached = 'authorize',
): void {
  assert.equal(answer.status, 403, answer.body.toString())
  assert.equal(answer.json()['code'], 'SCOPE_NOT_APPROVED')
  assert.deepEqual(answer.json()['details'], { reason, rule })
  const record = world.events.at(-1)
  assert.equal(record?.event, 'access_denied')
  assert.equal(record?.outcome, 'denied')
  assert.equal(record?.reached, reached)
  assert.equal(record?.denial_reason, 'restricted')
  assert.deepEqual(record?.evidence, { restriction: reason, rule })
}

const get = (world: World, extra: Record<string, string> = {}) =>
  call(world, '/ath/proxy/oa/x', { headers: { ...world.good, ...extra } })

/** Midnight of the virtual clock's day is far away: hours are reached by moving it. */
function moveTo(world: World, hour: number, minute = 0): void {
  const wanted = hour * 3600 + minute * 60
  const past = world.clock.now() % 86_400
  world.clock.advance((wanted - past + 86_400) % 86_400)
}

/** A day's tokens are over before its hours are: each call gets a fresh one. */
async function getAt(world: World, hour: number, minute = 0): Promise<Answer> {
  moveTo(world, hour, minute)
  const name = `T${Math.floor(world.clock.now())}`
  const token = await world.addToken(name, { expiresAt: world.clock.now() + 3600 })
  return get(world, { authorization: `Bearer ${token}` })
}

const longGrant = { restrictions: {} }

describe('networks', () => {
  const behindProxy = { listen: { trustedProxies: ['127.0.0.1/32'] } }
  const from = (world: World, ip: string) => get(world, { 'x-forwarded-for': ip })

  test('[U13] [R124] a call from outside 10.0.0.0/8 is refused, wherever the restriction stands', async (t) => {
    const ip_whitelist = ['10.0.0.0/8']
    for (const restrictions of [
      { everywhere: { ip_whitelist } },
      { provider: { ip_whitelist } },
      { agent: { ip_whitelist } },
      { grant: [{ ip_whitelist }] },
    ]) {
      const world = await openOther(t, { ...behindProxy, restrictions })
      for (const ip of ['10.0.0.1', '10.255.255.255', '::ffff:10.1.2.3', '::ffff:a01:203'])
        assert.equal((await from(world, ip)).status, 200, ip)
      for (const ip of [
        '11.0.0.1',
        '9.255.255.255',
        '::1',
        '::ffff:11.0.0.1',
        '2001:db8::10',
        'a0::1',
      ])
        restricted(await from(world, ip), 'outside_network', 'ip_whitelist 10.0.0.0/8', world)
    }
  })

  test('[U13] IPv6 networks and single addresses hold', async (t) => {
    const restrictions = { everywhere: { ip_whitelist: ['2001:db8::/32', '192.0.2.7/32'] } }
    const world = await openOther(t, { ...behindProxy, restrictions })
    for (const ip of ['2001:db8::1', '2001:DB8:ffff::', '192.0.2.7', '::ffff:192.0.2.7'])
      assert.equal((await from(world, ip)).status, 200, ip)
    for (const ip of ['2001:db9::1', '192.0.2.8', '::192.0.2.7'])
      assert.equal((await from(world, ip)).status, 403, ip)
  })

  test('[U13] an address that a stranger claims counts for nothing', async (t) => {
    const restrictions = { everywhere: { ip_whitelist: ['10.0.0.0/8'] } }
    const world = await openOther(t, { restrictions })
    assert.equal((await from(world, '10.0.0.1')).status, 403)
    const trusting = await openOther(t, { ...behindProxy, restrictions })
    assert.equal((await from(trusting, '10.0.0.1, 198.51.100.1')).status, 403)
    // A proxy that stands inside the network and cannot say who calls lets nobody in.
    const inside = { everywhere: { ip_whitelist: ['127.0.0.0/8'] } }
    const mumbling = await openOther(t, { ...behindProxy, restrictions: inside })
    assert.equal((await from(mumbling, 'unknown')).status, 403)
    assert.equal((await from(mumbling, '198.51.100.1:4711')).status, 403)
  })

  test('[U13] what held when the user agreed and what holds now must both be met', async (t) => {
    const world = await openOther(t, {
      ...behindProxy,
      restrictions: {
        everywhere: { ip_whitelist: ['10.0.0.0/8'] },
        grant: [
          { ip_whitelist: ['10.1.0.0/16'] },
          { ip_whitelist: ['10.1.2.0/24', '10.9.0.0/16'] },
        ],
      },
    })
    assert.equal((await from(world, '10.1.2.3')).status, 200)
    for (const ip of ['10.1.3.1', '10.9.0.1', '10.2.0.1', '192.0.2.1'])
      assert.equal((await from(world, ip)).status, 403, ip)
  })

  test('[U13] a registration that is restricted anew restricts its live tokens at once', async (t) => {
    const world = await openOther(t, behindProxy)
    assert.equal((await from(world, '192.0.2.1')).status, 200)
    await world.registry.update('ath_client', { restrictions: { ip_whitelist: ['10.0.0.0/8'] } })
    world.dataPath.live.agentChanged('ath_client')
    assert.equal((await from(world, '192.0.2.1')).status, 403)
    assert.equal((await from(world, '10.0.0.1')).status, 200)
  })

  test('[U13] a scope that is lacking is told before the restriction', async (t) => {
    const world = await openOther(t, {
      rules: [['oa:read', 'POST /**']],
      restrictions: { everywhere: { ip_whitelist: ['10.0.0.0/8'] } },
    })
    const answer = await get(world)
    assert.equal((answer.json()['details'] as { reason: string }).reason, 'scope_unmapped')
  })
})

describe('hours', () => {
  const open = (t: TestContext, everywhere: object) =>
    openOther(t, { ...longGrant, restrictions: { everywhere } })

  test('[U13] [R124] outside 9:00-18:00 no call is let in; the first minute counts, the last does not', async (t) => {
    const world = await open(t, { access_time: '9:00-18:00' })
    await world.grants.confirm('gnt_1', world.clock.now() + 30 * 86_400)
    const rule = 'access_time 9:00-18:00 UTC'
    assert.equal((await getAt(world, 9)).status, 200)
    assert.equal((await getAt(world, 17, 59)).status, 200)
    restricted(await getAt(world, 18), 'outside_hours', rule, world)
    restricted(await getAt(world, 8, 59), 'outside_hours', rule, world)
    assert.equal((await getAt(world, 9)).status, 200)
  })

  test('[U13] hours are those of their time zone and may go over midnight', async (t) => {
    const world = await open(t, { access_time: '22:00-6:00', access_timezone: 'Asia/Shanghai' })
    await world.grants.confirm('gnt_1', world.clock.now() + 30 * 86_400)
    // Shanghai is eight hours ahead of UTC all year.
    for (const [hour, status] of [
      [14, 200],
      [21, 200],
      [22, 403],
      [6, 403],
      [13, 403],
    ] as const)
      assert.equal((await getAt(world, hour)).status, status, String(hour))
  })

  test('[U13] a stream that is open when the hours end is ended', async (t) => {
    const world = await openOther(t, {
      restrictions: { everywhere: { access_time: '9:00-18:00' } },
      upstream: (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write('data: 1\n\n')
      },
    })
    await world.grants.confirm('gnt_1', world.clock.now() + 30 * 86_400)
    moveTo(world, 17, 59)
    const token = await world.addToken('late', { expiresAt: world.clock.now() + 3600 })
    const request = http.get({
      host: '127.0.0.1',
      port: world.port,
      path: '/ath/proxy/oa/events',
      headers: { ...world.good, authorization: `Bearer ${token}` },
      agent: false,
    })
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    await once(response, 'data')
    world.clock.advance(60)
    response.resume()
    await assert.rejects(once(response, 'end'), /aborted|ECONNRESET/)
    const record = await world.recorded(({ denial_reason }) => denial_reason === 'restricted')
    assert.equal(record.upstream_status, 200)
  })
})

test('[U13] [R107] a stream from a network that the agent may no longer call from is ended', async (t) => {
  const world = await openOther(t, {
    upstream: (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: 1\n\n')
    },
  })
  const request = http.get({
    host: '127.0.0.1',
    port: world.port,
    path: '/ath/proxy/oa/events',
    headers: world.good,
    agent: false,
  })
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  await once(response, 'data')
  await world.registry.update('ath_client', { restrictions: { ip_whitelist: ['10.0.0.0/8'] } })
  response.resume()
  const ended = once(response, 'end')
  world.dataPath.live.agentChanged('ath_client')
  await assert.rejects(ended, /aborted|ECONNRESET/)
})

describe('rates', () => {
  test('[U13] [R119] calls over the rate are 429 with the time to wait, in whichever grant of the person, and no other person pays', async (t) => {
    const { createVirtualClock } = await import('@sallyport/testing')
    const world = await openOther(t, {
      limits: createRateLimits(new Map(), createVirtualClock()),
      restrictions: { everywhere: { rate_limit: '3/minute' }, agent: { rate_limit: '3/minute' } },
    })
    for (let count = 0; count < 3; count++) assert.equal((await get(world)).status, 200)
    const answer = await get(world)
    assert.equal(answer.status, 429)
    assert.equal(answer.json()['code'], 'RATE_LIMITED')
    assert.equal(answer.headers['retry-after'], '20')
    assert.equal((answer.json()['details'] as { limit: string }).limit, '3/minute')
    const again = await world.addToken('again')
    assert.equal((await get(world, { authorization: `Bearer ${again}` })).status, 429)
    const grant = await world.grants.find('gnt_1')
    assert.ok(grant)
    await world.grants.insert({ ...grant, id: 'gnt_2' })
    const second = await world.addToken('second', { grantId: 'gnt_2' })
    assert.equal((await get(world, { authorization: `Bearer ${second}` })).status, 429)
    await world.grants.insert({ ...grant, id: 'gnt_3', userId: 'usr_2' })
    const other = await world.addToken('other', { grantId: 'gnt_3', userId: 'usr_2' })
    assert.equal((await get(world, { authorization: `Bearer ${other}` })).status, 200)
  })

  test('[U13] a call from outside the network does not use up the rate', async (t) => {
    const { createVirtualClock } = await import('@sallyport/testing')
    const world = await openOther(t, {
      listen: { trustedProxies: ['127.0.0.1/32'] },
      limits: createRateLimits(new Map(), createVirtualClock()),
      restrictions: { everywhere: { rate_limit: '1/day', ip_whitelist: ['10.0.0.0/8'] } },
    })
    for (let count = 0; count < 3; count++)
      assert.equal((await get(world, { 'x-forwarded-for': '192.0.2.1' })).status, 403)
    assert.equal((await get(world, { 'x-forwarded-for': '10.0.0.1' })).status, 200)
  })
})

describe('amounts', () => {
  const json = { 'content-type': 'application/json' }
  const limited = (asked: string[]): WorldOptions => ({
    restrictions: { everywhere: { order_amount_limit: 100 } },
    amounts: [
      { rule: { scope: '', method: 'POST', pattern: '/api/orders' }, field: '/order/total' },
    ],
    upstream: (request, response) =>
      void bodyOf(request).then((body) => {
        asked.push(body.toString())
        response.end('ordered')
      }),
  })
  const order = (
    world: World,
    body: string | Uint8Array,
    headers: Record<string, string> = json,
    path = '/api/orders',
  ) =>
    call(world, `/ath/proxy/oa${path}`, {
      method: 'POST',
      headers: { ...world.good, ...headers, 'content-length': String(Buffer.byteLength(body)) },
      body,
    })
  const rule = 'order_amount_limit 100'

  test('[U13] an order up to the limit goes through byte for byte, one over it does not', async (t) => {
    const asked: string[] = []
    const world = await openOther(t, limited(asked))
    const good = '{ "order" : {"total": 100.00, "note":"\\u00e9"} }'
    assert.equal((await order(world, good)).status, 200)
    assert.equal((await order(world, '{"order":{"total":0}}')).status, 200)
    assert.deepEqual(asked, [good, '{"order":{"total":0}}'])
    for (const total of ['100.01', '1e9', '99999999999999999999'])
      restricted(
        await order(world, `{"order":{"total":${total}}}`),
        'amount_over_limit',
        rule,
        world,
        'guard',
      )
    assert.equal(asked.length, 2)
  })

  test('[U13] the path as lenient servers read it is the same order', async (t) => {
    const asked: string[] = []
    const world = await openOther(t, { ...limited(asked) })
    for (const path of [
      '/api/orders/',
      '/API/orders',
      '/api/orders.',
      '/api/orders%20',
      '/api/orders.json',
      '/api/Orders.XML/',
    ])
      assert.notEqual((await order(world, '{"order":{"total":500}}', json, path)).status, 200, path)
    assert.equal(asked.length, 0)
    for (const path of ['/api/other', '/api/orders.query'])
      assert.equal((await order(world, 'anything', {}, path)).status, 200, path)
    assert.equal((await call(world, '/ath/proxy/oa/api/orders')).status, 200)
  })

  test('[U13] an amount that cannot be read, or that two readers could read as two, is refused', async (t) => {
    const asked: string[] = []
    const world = await openOther(t, limited(asked))
    const bodies: readonly (readonly [string | Uint8Array, Record<string, string>?])[] = [
      [''],
      ['{}'],
      ['[]'],
      ['null'],
      ['{"order":{}}'],
      ['{"order":{"total":"5"}}'],
      ['{"order":{"total":null}}'],
      ['{"order":{"total":-5}}'],
      ['{"order":{"total":1e400}}'],
      ['{"order":{"total":[5]}}'],
      ['{"order":[5]}'],
      ['{"order":{"total":5}'],
      ['{"order":{"total":5}} {"order":{"total":500}}'],
      ['{"order":{"total":5,"total":500}}'],
      ['{"order":{"total":500,"total":5}}'],
      ['{"order":{"total":5,"Total":500}}'],
      ['{"order":{"total":5,"t\\u006ftal":500}}'],
      ['{"order":{"total":500},"order":{"total":5}}'],
      ['{"__proto__":{"order":{"total":5}}}'],
      [Buffer.from([0xef, 0xbb, 0xbf, ...Buffer.from('{"order":{"total":5}}')])],
      [Buffer.from([...Buffer.from('{"order":{"total":5},"x":"'), 0xff, ...Buffer.from('"}')])],
      ['order.total=5', { 'content-type': 'application/x-www-form-urlencoded' }],
      ['{"order":{"total":5}}', { 'content-type': 'text/plain' }],
      ['{"order":{"total":5}}', {}],
      ['{"order":{"total":5}}', { 'content-type': 'application/json; charset=utf-16' }],
      ['{"order":{"total":5}}', { ...json, 'content-encoding': 'gzip' }],
      ['{"order":{"total":5}}', { ...json, content_type: 'application/x-www-form-urlencoded' }],
      ['{"order":{"total":5}}', { ...json, 'Content.Encoding': 'gzip' }],
      [`{"order":{"total":5},"x":"${'y'.repeat(1_048_577)}"}`],
    ]
    for (const [body, headers] of bodies)
      restricted(await order(world, body, headers), 'amount_unreadable', rule, world, 'guard')
    assert.equal(asked.length, 0)
  })

  test('[U13] a body of unknown length is no order', async (t) => {
    const asked: string[] = []
    const world = await openOther(t, limited(asked))
    const answer = await call(world, '/ath/proxy/oa/api/orders', {
      method: 'POST',
      headers: { ...world.good, ...json, 'transfer-encoding': 'chunked' },
      body: '{"order":{"total":5}}',
    })
    restricted(answer, 'amount_unreadable', rule, world, 'guard')
    assert.equal(asked.length, 0)
  })

  test('[U13] an order of more than what is held in one piece is still read', async (t) => {
    const asked: string[] = []
    const world = await openOther(t, limited(asked))
    const body = `{"order":{"total":5},"x":"${'y'.repeat(200_000)}"}`
    assert.equal((await order(world, body)).status, 200)
    assert.equal(asked[0], body)
  })

  test('[U13] where nobody says any more where amounts are, nothing with a body is let through', async (t) => {
    const world = await openOther(t, {
      restrictions: { grant: [{ order_amount_limit: 100 }] },
    })
    restricted(await order(world, '{}'), 'amount_unreadable', rule, world, 'guard')
    assert.equal((await get(world)).status, 200)
  })

  test('[U13] [U10] the amount inside an encrypted order counts', async (t) => {
    const asked: string[] = []
    const world = await openSessionWorld({ ...limited(asked), encrypted: true })
    t.after(() => world.close())
    const target = '/oa/api/orders'
    const send = async (seq: number, total: number) =>
      sendSealed(
        world,
        target,
        await sealed(seq, target, {
          headers: json,
          body: new TextEncoder().encode(JSON.stringify({ order: { total } })),
        }),
      )
    restricted(await send(0, 101), 'amount_over_limit', rule, world, 'guard')
    const pieces = await unsealed((await send(1, 100)).body.toString())
    assert.equal(Buffer.from(pieces[0]?.body ?? []).toString(), 'ordered')
    assert.deepEqual(asked, ['{"order":{"total":100}}'])
  })
})

test('[U13] restrictions hold for a session’s token on both of its paths', async (t) => {
  const world = await openSessionWorld({
    listen: { trustedProxies: ['127.0.0.1/32'] },
    restrictions: { everywhere: { ip_whitelist: ['10.0.0.0/8'], access_time: '9:00-18:00' } },
  })
  t.after(() => world.close())
  moveTo(world, 10)
  const jwt = await world.issue({ claims: { exp: world.clock.now() + 3600 } })
  await world.grants.confirm('gnt_1', world.clock.now() + 86_400)
  await world.grants.confirm('gnt_crm', world.clock.now() + 86_400)
  const status = async (target: string, ip: string) =>
    (
      await call(world, target, {
        headers: { authorization: `Bearer ${jwt}`, 'x-forwarded-for': ip },
      })
    ).status
  for (const target of ['/oa/x', '/crm/x', '/ath/proxy/oa/x', '/ath/proxy/crm/x']) {
    assert.equal(await status(target, '10.0.0.1'), 200, target)
    assert.equal(await status(target, '192.0.2.1'), 403, target)
  }
})
