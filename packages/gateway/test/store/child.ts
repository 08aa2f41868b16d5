/**
 * A gateway's store and audit log in a process of their own, to be killed: writes one JSON line for everything that it
 * would have answered, after it was durable. Arguments: the data directory, and what to do.
 */
import { hash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { sampleHandshake, testEpoch } from '@sallyport/testing'
import { openAudit } from '../../src/adapters/audit-file/open-audit.ts'
import { openKeys, openStore, systemClock, systemRandom } from '@ath-protocol/server/parts'

const [dir = '', task = ''] = process.argv.slice(2)
const answer = (line: object) => writeSync(1, `${JSON.stringify(line)}\n`)

const random = systemRandom
const storeFile = join(dir, 'store.db')
const keys = openKeys({ dir: join(dir, 'keys'), protects: [storeFile], clock: systemClock, random })
const store = await openStore({ file: storeFile, seal: keys.seal, random })

if (task === 'open') {
  await store.check()
  answer({ open: true })
  await store.close()
}

if (task === 'answer') {
  const audit = await openAudit({
    dir: join(dir, 'audit'),
    signer: keys.signer('audit'),
    clock: systemClock,
    random,
    // Small, so that kills also hit rotations and checkpoints.
    segmentBytes: 20_000,
    checkpointRecords: 20,
    durability: 'batched',
    anchor: store.auditAnchor,
  })
  answer({ ready: true })
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
      const token = {
        hash: hash('sha256', random.token(16), 'base64url'),
        grantId: 'gnt_1',
        clientId: 'ath_1',
        agentId: 'https://agent.example/agent.json',
        userId: 'usr_1',
        providerId: 'oa',
        scopes: ['oa:read'],
        issuedAt: testEpoch,
        expiresAt: testEpoch + 3600,
      }
      await store.tokens.insert(token)
      const grantId = `gnt_${random.token(8)}`
      await store.providerTokens.save(grantId, { accessToken: grantId, scopes: [] })
      const record = audit.record({
        event: 'access_granted',
        outcome: 'allowed',
        grant_id: grantId,
      })
      for (let count = 0; count < 5; count++)
        audit.record({ event: 'proxy_request', outcome: 'allowed', path: '/api' })
      await audit.settled()
      answer({ handshake: handshake.id, token: token.hash, grantId, record })
    }
  }
  await Promise.all([lane(), lane(), lane()])
}
