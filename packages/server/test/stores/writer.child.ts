/**
 * A service's store in a process of its own, to be killed: writes one JSON line for everything that it would have
 * answered, after it was durable. Arguments: the kind of store, and its options as JSON.
 */
import { writeSync } from 'node:fs'
import { systemRandom as random } from '@ath-protocol/server/parts'
import { postgresStore } from '@ath-protocol/server/postgres'
import { redisStore } from '@ath-protocol/server/redis'
import { sampleHandshake, sampleToken, storeDeps, testEpoch } from '@sallyport/testing'

const [kind = '', options = ''] = process.argv.slice(2)
const source =
  kind === 'postgres' ? postgresStore(JSON.parse(options)) : redisStore(JSON.parse(options))
const store = await source.open(storeDeps(random))

const lane = async () => {
  for (;;) {
    const handshake = sampleHandshake({
      id: `ath_sess_${random.token(16)}`,
      opaqueHash: random.token(16),
      upstreamStateHash: random.token(16),
      state: 'consented',
    })
    await store.handshakes.insert(handshake)
    await store.handshakes.advance(handshake.id, 'spend', testEpoch)
    const token = sampleToken({ hash: random.token(16) })
    await store.tokens.insert(token)
    await store.tokens.revoke(token.hash, testEpoch)
    const grantId = `gnt_${random.token(8)}`
    await store.providerTokens.save(grantId, { accessToken: grantId, scopes: [] })
    writeSync(1, `${JSON.stringify({ handshake: handshake.id, token: token.hash, grantId })}\n`)
  }
}
await Promise.all([lane(), lane(), lane()])
