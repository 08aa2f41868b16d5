import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, describe, test } from 'node:test'
import { createServer } from 'node:tls'
import { DependencyDown, type Store } from '@ath-protocol/server'
import { StartError } from '@ath-protocol/server/parts'
import { type RedisOptions, redisStore } from '@ath-protocol/server/redis'
import {
  assertStoreIsDown,
  clearName,
  createTestCertificate,
  freePort,
  sampleConsent,
  sampleGrant,
  sampleHandshake,
  sampleToken,
  secretMark,
  startRedis,
  storeContract,
  storeDeps,
  testEpoch,
  unique,
  writeSecrets,
} from '@sallyport/testing'
import { Redis } from 'ioredis'
import { eventually } from './eventually.ts'
import { assertNothingLost, writeAndDie } from './killed-writer.ts'

const password = 'not-a-secret'
const server = await startRedis({
  appendonly: 'yes',
  appendfsync: 'always',
  save: '',
  requirepass: password,
})
const admin = new Redis(server.url)
admin.on('error', () => {})
after(async () => {
  // A test that failed left its store open, and the process would wait for it.
  await Promise.allSettled(opened.map((store) => store.close()))
  admin.disconnect()
  await server.close()
})

const opened: Store[] = []
const open = async (changes: Partial<RedisOptions> = {}): Promise<Store> => {
  const store = await redisStore({ url: server.url, prefix: unique('suite'), ...changes }).open(
    storeDeps(),
  )
  opened.push(store)
  return store
}
const urlWith = (changes: Partial<Pick<URL, 'password' | 'pathname' | 'host'>>) =>
  Object.assign(new URL(server.url), changes).href

storeContract('Redis', open)

describe('redisStore', () => {
  test('is shared: two processes see each other’s writes, and of 50 exchanges over both one wins', async () => {
    const prefix = unique('suite')
    const [left, right] = [await open({ prefix }), await open({ prefix })]
    assert.equal(left.shared, true)
    const handshake = sampleHandshake({ state: 'consented' })
    await left.handshakes.insert(handshake)
    assert.deepEqual(await right.handshakes.find(handshake.id), handshake)
    const spent = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        (index % 2 ? left : right).handshakes.advance(handshake.id, 'spend', testEpoch),
      ),
    )
    assert.equal(spent.filter((found) => found !== undefined).length, 1)
    await Promise.all([left.close(), right.close()])
  })

  test('stores with different prefixes know nothing of each other', async () => {
    const [left, right] = [await open(), await open()]
    const grant = sampleGrant()
    await left.grants.insert(grant)
    assert.equal(await right.grants.find(grant.id), undefined)
    await Promise.all([left.close(), right.close()])
  })

  test('an identity that moves between 40 callers at once is never half of one and half of another', async () => {
    const store = await open()
    const channel = 'slack'
    const pairs = Array.from({ length: 40 }, (_, index) => ({
      channel,
      externalId: `U${index % 2}`,
      userId: `usr_${(index >> 1) % 2}`,
      learnedAt: testEpoch + index,
    }))
    await Promise.all(pairs.map((pair) => store.channelIdentities.upsert(pair)))
    for (const userId of ['usr_0', 'usr_1']) {
      const found = await store.channelIdentities.findByUser(channel, userId)
      if (!found) continue
      const { externalId } = found
      assert.deepEqual(await store.channelIdentities.findByExternal(channel, externalId), found)
    }
    await store.close()
  })

  test('text of any characters comes back as it was', async () => {
    const store = await open()
    const odd = 'a\u0000b \uD800 "\\" 王 \u2028'
    const consent = sampleConsent({ words: odd, handshake: { kind: 'two_phase', id: odd } })
    await store.consents.insert(consent)
    assert.deepEqual(await store.consents.findByHandshake(odd), consent)
    await store.close()
  })

  test('what nobody sweeps leaves by itself, days after its end; what has no end stays', async () => {
    const prefix = unique('suite')
    const store = await open({ prefix })
    const now = Date.now() / 1000
    const day = 86_400
    const token = sampleToken({ expiresAt: now + 3600 })
    const handshake = sampleHandshake({ expiresAt: now - 100 * day })
    const grant = sampleGrant()
    await store.tokens.insert(token)
    await store.handshakes.insert(handshake)
    await store.grants.insert(grant)
    const leavesIn = async (key: string) => (await admin.pttl(`${prefix}:${key}`)) / 1000
    const near = (seconds: number, expected: number) =>
      assert.ok(Math.abs(seconds - expected) < 60, `${seconds}, not ${expected}`)
    near(await leavesIn(`token:${token.hash}`), 3600 + 3 * day)
    near(await leavesIn(`handshake:${handshake.id}`), 3 * day)
    near(await leavesIn(`handshake/opaque:${handshake.opaqueHash}`), 3 * day)
    assert.ok((await leavesIn(`grant:${grant.id}`)) < 0)
    // A row that left is in no list any more, and a sweep finds nothing to do.
    await admin.del(`${prefix}:token:${token.hash}`)
    assert.equal(await store.tokens.revokeByGrant(token.grantId, now), 0)
    assert.deepEqual(await admin.smembers(`${prefix}:token/in:${token.grantId}`), [])
    assert.equal(await store.tokens.sweep(now + 7200), 0)
    assert.equal(await admin.zcard(`${prefix}:token/due:ends`), 0)
    await store.close()
  })

  test('a sweep of very many goes through all of them', async () => {
    const store = await open()
    await Promise.all(
      Array.from({ length: 450 }, (_, index) =>
        store.replay.claim('https://agent.example/agent.json', `jti ${index}`, testEpoch - 1),
      ),
    )
    assert.equal(await store.replay.sweep(testEpoch), 450)
    await store.close()
  })

  test('[R75] [R122] no secret lies in clear in what Redis holds', async () => {
    const prefix = unique('suite')
    const store = await open({ prefix })
    await writeSecrets(store)
    const keys = await admin.keys(`${prefix}:*`)
    const dumps = await Promise.all(
      keys.map(async (key) => {
        const type = await admin.type(key)
        if (type === 'string') return admin.get(key)
        return JSON.stringify(type === 'hash' ? await admin.hgetall(key) : null)
      }),
    )
    const dump = [...keys, ...dumps].join('\n')
    assert.ok(dump.includes(clearName), 'the search finds what is in clear')
    assert.ok(!dump.includes(secretMark))
    await store.close()
  })

  test('a sealed value moved to another row does not open', async () => {
    const prefix = unique('suite')
    const store = await open({ prefix })
    await store.providerTokens.save('gnt_1', { accessToken: 'one', scopes: [] })
    const key = `${prefix}:providerTokens`
    await admin.hset(key, 'gnt_2', (await admin.hget(key, 'gnt_1')) ?? '')
    await assert.rejects(store.providerTokens.find('gnt_2'), /was changed or moved/)
    assert.equal((await store.providerTokens.find('gnt_1'))?.accessToken, 'one')
    await store.close()
  })

  test('connections that are cut are replaced, also in the middle of work', async () => {
    const store = await open()
    const grant = sampleGrant()
    await store.grants.insert(grant)
    for (let round = 0; round < 3; round++) {
      const reading = Promise.allSettled(
        Array.from({ length: 40 }, () => store.grants.find(grant.id)),
      )
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      for (const result of await reading)
        if (result.status === 'rejected') assert.ok(result.reason instanceof DependencyDown)
      assert.deepEqual(await eventually(() => store.grants.find(grant.id)), grant)
    }
    await store.close()
  })

  test('a server that is gone makes every method say so, and work goes on when it is back, without its scripts', async () => {
    const store = await open()
    const grant = sampleGrant()
    await store.grants.insert(grant)
    await server.stop('SIGKILL')
    await assertStoreIsDown(store)
    await server.start()
    await eventually(() => store.check())
    assert.deepEqual(await store.grants.find(grant.id), grant)
    assert.equal(await store.grants.revoke(grant.id, testEpoch), true)
    await store.close()
    await assertStoreIsDown(store)
  })

  test('a server that hangs makes calls fail within seconds', async () => {
    const store = await open()
    await admin.call('CLIENT', 'PAUSE', '7000', 'ALL')
    const began = Date.now()
    await assert.rejects(store.check(), DependencyDown)
    assert.ok(Date.now() - began < 6500)
    await eventually(() => store.check())
    await store.close()
  })

  test('[R82] kill -9 of the service loses nothing that was answered, nor does a crash of Redis with appendonly', async () => {
    const options = { url: server.url, prefix: unique('suite') }
    const answers = [
      ...(await writeAndDie('redis', options, 10)),
      ...(await writeAndDie('redis', options, 60)),
    ]
    await server.stop('SIGKILL')
    await server.start()
    const store = await open(options)
    await assertNothingLost(store, answers)
    assert.ok(answers.length >= 70)
    await store.close()
  })

  const refusal = async (opening: Promise<Store>, pattern: RegExp) => {
    await assert.rejects(opening, (error) => {
      assert.ok(error instanceof StartError, String(error))
      assert.match(error.message, pattern)
      assert.ok(!error.message.includes(password), 'names the password')
      assert.ok(error.fix.length > 10)
      return true
    })
  }

  test('a wrong or missing password is refused, with where to write it', async () => {
    const pattern = /does not let us in[\s\S]*Fix: correct it in the `url`/
    await refusal(open({ url: urlWith({ password: 'wrong' }) }), pattern)
    await refusal(open({ url: urlWith({ password: '' }) }), pattern)
  })

  test('a database that does not exist is refused', async () => {
    await refusal(open({ url: urlWith({ pathname: '/99' }) }), /no database of this number/)
  })

  test('a server that cannot be reached is refused at once, with what was tried', async () => {
    const host = `127.0.0.1:${await freePort()}`
    await refusal(open({ url: urlWith({ host }) }), new RegExp(`${host}.*nothing listens`))
    await refusal(
      open({ url: urlWith({ host: 'no-such-host.invalid:6379' }) }),
      /host is not known/,
    )
  })

  test('a certificate that is not trusted is refused, with how to name its authority', async (t) => {
    const impostor = createServer(createTestCertificate(['127.0.0.1'])).listen(0, '127.0.0.1')
    await once(impostor, 'listening')
    t.after(() => impostor.close())
    const { port } = impostor.address() as AddressInfo
    const url = `rediss://:${password}@127.0.0.1:${port}`
    await refusal(open({ url }), /certificate that is not trusted[\s\S]*NODE_EXTRA_CA_CERTS/)
  })

  test('what is no Redis URL and no plain prefix is refused before anything is tried', async () => {
    await refusal(open({ url: 'localhost' }), /is no redis: or rediss: URL/)
    await refusal(open({ prefix: 'a b' }), /is no plain name/)
  })

  test('a store written by a newer version is refused and left as it is', async () => {
    const prefix = unique('suite')
    await (await open({ prefix })).close()
    await admin.set(`${prefix}:format`, '2')
    await refusal(open({ prefix }), /newer version \(format 2\)/)
    assert.equal(await admin.get(`${prefix}:format`), '2')
  })

  test('a replica is refused', async () => {
    const replica = await startRedis({ save: '', replicaof: `127.0.0.1 ${await freePort()}` })
    try {
      await refusal(open({ url: replica.url }), /is a replica|is loading/)
    } finally {
      await replica.close()
    }
  })

  const warnings = async (settings: Readonly<Record<string, string>>) => {
    const forgetful = await startRedis(settings)
    const said: string[] = []
    const hear = ({ message }: Error) => said.push(message)
    process.on('warning', hear)
    try {
      await (await open({ url: forgetful.url })).close()
      await new Promise((resolve) => setImmediate(resolve))
      return said
    } finally {
      process.off('warning', hear)
      await forgetful.close()
    }
  }

  test('a server that may forget what it answered is named in a warning, one that does not is not', async () => {
    const [nothing, ...more] = await warnings({ save: '', appendonly: 'no' })
    assert.match(nothing ?? '', /writes nothing to disk.*Set `appendonly yes`/)
    assert.deepEqual(more, [])
    const [sometimes] = await warnings({ save: '3600 1', appendonly: 'no' })
    assert.match(sometimes ?? '', /from time to time only/)
    const [evicts] = await warnings({
      save: '',
      appendonly: 'yes',
      maxmemory: '50mb',
      'maxmemory-policy': 'allkeys-lru',
    })
    assert.match(evicts ?? '', /allkeys-lru.*noeviction/)
    assert.deepEqual(await warnings({ save: '', appendonly: 'yes' }), [])
  })
})
