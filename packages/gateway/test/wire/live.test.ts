import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { afterEach, describe, test } from 'node:test'
import { hashSecret } from '@ath-protocol/server'
import { createRateLimits } from '@ath-protocol/server/parts'
import { call, openWorld, type World } from './world.ts'

let world: World
afterEach(() => world.close())

const hit = async () => (await call(world, '/ath/proxy/oa/x')).status
const code = async () => (await call(world, '/ath/proxy/oa/x')).json()['code']

/** Opens a stream through the gateway and waits for its first event. */
async function openStream(): Promise<http.IncomingMessage> {
  const request = http.get({
    host: '127.0.0.1',
    port: world.port,
    path: '/ath/proxy/oa/events',
    headers: { ...world.good, accept: 'text/event-stream' },
    agent: false,
  })
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  await once(response, 'data')
  return response
}

async function brokenOff(response: http.IncomingMessage): Promise<void> {
  response.resume()
  await assert.rejects(once(response, 'end'), /aborted|ECONNRESET/)
  assert.equal(response.complete, false)
}

const endless: http.RequestListener = (_, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write('data: 1\n\n')
}

describe('a change stops what was let in', () => {
  test('[R92] [R107] a revoked token is refused from the next call on, although it was in memory', async () => {
    world = await openWorld()
    assert.equal(await hit(), 200)
    const hash = hashSecret(world.token)
    await world.tokens.revoke(hash, world.clock.now())
    world.dataPath.live.tokenRevoked(hash)
    assert.equal(await code(), 'TOKEN_REVOKED')
  })

  test('[R107] a revoked grant ends all its tokens', async () => {
    world = await openWorld()
    const second = await world.addToken('B')
    assert.equal(await hit(), 200)
    await world.grants.revoke('gnt_1', world.clock.now())
    world.dataPath.live.grantRevoked('gnt_1')
    assert.equal(await code(), 'TOKEN_REVOKED')
    const other = await call(world, '/ath/proxy/oa/x', {
      headers: { ...world.good, authorization: `Bearer ${second}` },
    })
    assert.equal(other.json()['code'], 'TOKEN_REVOKED')
  })

  test('[R113] a suspended agent is AGENT_UNAPPROVED at once, and in again when it is approved', async () => {
    world = await openWorld()
    assert.equal(await hit(), 200)
    await world.registry.update('ath_client', { status: 'suspended' })
    world.dataPath.live.agentChanged('ath_client')
    assert.equal(await code(), 'AGENT_UNAPPROVED')
    await world.registry.update('ath_client', { status: 'approved' })
    world.dataPath.live.agentChanged('ath_client')
    assert.equal(await hit(), 200)
  })

  test('[R50] an approval that runs out ends the agent’s calls', async () => {
    world = await openWorld()
    await world.registry.update('ath_client', { approvalExpiresAt: world.clock.now() + 10 })
    assert.equal(await hit(), 200)
    world.clock.advance(10)
    assert.equal(await code(), 'AGENT_UNAPPROVED')
  })

  test('[R92] [R107] a stream that is open when its token is revoked breaks off, here and upstream', async () => {
    const upstreamClosed: Promise<unknown>[] = []
    world = await openWorld({
      upstream: (request, response) => {
        upstreamClosed.push(once(response, 'close'))
        endless(request, response)
      },
    })
    const stream = await openStream()
    world.dataPath.live.tokenRevoked(hashSecret(world.token))
    await brokenOff(stream)
    await upstreamClosed[0]
    const record = await world.recorded((event) => event.denial_reason === 'token_revoked')
    assert.equal(record.outcome, 'denied')
    assert.equal(record.upstream_status, 200)
    assert.equal(world.dataPath.inFlight, 0)
  })

  test('a stream ends with the token it was opened with', async () => {
    world = await openWorld({ upstream: endless })
    const stream = await openStream()
    world.clock.advance(3600)
    await brokenOff(stream)
    await world.recorded((event) => event.denial_reason === 'token_expired')
  })

  test('a call that waits for its answer is told that its token was revoked', async () => {
    let arrived: () => void
    const here = new Promise<void>((resolve) => {
      arrived = resolve
    })
    world = await openWorld({ upstream: () => arrived() })
    const answer = call(world, '/ath/proxy/oa/slow')
    await here
    world.dataPath.live.tokenRevoked(hashSecret(world.token))
    assert.equal((await answer).json()['code'], 'TOKEN_REVOKED')
  })

  test('what another process changed in the stores reaches calls in flight and the next ones', async () => {
    world = await openWorld({ upstream: endless })
    const stream = await openStream()
    await world.tokens.revoke(hashSecret(world.token), world.clock.now())
    await world.dataPath.live.storesChanged()
    await brokenOff(stream)
    assert.equal(await code(), 'TOKEN_REVOKED')
  })
})

test('[R119] each token has its rate, told with 429 and Retry-After, and another token is not touched', async () => {
  world = await openWorld()
  const limits = createRateLimits(
    new Map([['proxy_token', { count: 2, perSeconds: 60 }]]),
    world.clock,
  )
  await world.close()
  world = await openWorld({ limits })
  const first = (await world.grants.find('gnt_1')) ?? assert.fail('no grant')
  await world.grants.insert({ ...first, id: 'gnt_2' })
  const other = await world.addToken('B', { grantId: 'gnt_2' })
  assert.equal(await hit(), 200)
  assert.equal(await hit(), 200)
  const over = await call(world, '/ath/proxy/oa/x')
  assert.equal(over.status, 429)
  assert.ok(Number(over.headers['retry-after']) > 0)
  assert.equal(over.json()['code'], 'RATE_LIMITED')
  assert.equal(world.events.at(-1)?.event, 'request_refused')
  const spared = await call(world, '/ath/proxy/oa/x', {
    headers: { ...world.good, authorization: `Bearer ${other}` },
  })
  assert.equal(spared.status, 200)
})

describe('the audit is down', () => {
  test('a decision that cannot be recorded is answered 503, and nothing more is let through until it can', async () => {
    let broken = false
    let asked = 0
    world = await openWorld({
      upstream: (_, response) => {
        asked++
        response.end('data')
      },
      audit: {
        record: () => {
          if (broken) throw new Error('disk full')
          return 'evt_x'
        },
      },
    })
    assert.equal(await hit(), 200)
    broken = true
    const first = await call(world, '/ath/proxy/oa/x')
    assert.equal(first.status, 503)
    assert.equal(first.json()['code'], 'UNAVAILABLE')
    assert.doesNotMatch(first.body.toString(), /data$/)
    assert.equal(asked, 2)
    assert.equal(await hit(), 503)
    assert.equal(asked, 2)
    broken = false
    assert.equal(await hit(), 503)
    assert.equal(await hit(), 200)
  })

  test('with durable records the answer waits for the disk', async () => {
    let release: () => void = () => {}
    let settledAsked: () => void = () => {}
    const waits = new Promise<void>((resolve) => {
      settledAsked = resolve
    })
    world = await openWorld({
      durable: true,
      audit: {
        settled: () => {
          settledAsked()
          return new Promise((resolve) => {
            release = resolve
          })
        },
      },
    })
    let answered = false
    const answer = call(world, '/ath/proxy/oa/x').then((got) => {
      answered = true
      return got
    })
    await waits
    assert.equal(answered, false)
    release()
    assert.equal((await answer).status, 200)
  })
})

test('the stores are down: 503, never allowed, and nothing is remembered of it', async () => {
  world = await openWorld()
  const find = world.tokens.find.bind(world.tokens)
  world.tokens.find = () => Promise.reject(new Error('disk'))
  const down = await call(world, '/ath/proxy/oa/x')
  assert.equal(down.status, 503)
  assert.equal(down.json()['code'], 'UNAVAILABLE')
  world.tokens.find = find
  assert.equal(await hit(), 200)
})

test('the store is read for a token’s first call only', async () => {
  world = await openWorld()
  let reads = 0
  const find = world.tokens.find.bind(world.tokens)
  world.tokens.find = (hash) => {
    reads++
    return find(hash)
  }
  await Promise.all(Array.from({ length: 10 }, hit))
  await hit()
  assert.equal(reads, 1)
})
