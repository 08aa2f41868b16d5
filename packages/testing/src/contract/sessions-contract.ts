import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Session, SessionStore } from '@ath-protocol/server'
import { testEpoch } from '../clock.ts'
import { inParallel, type Open, unique, useAdapter } from './opened.ts'

export function sampleSession(changes: Partial<Session> = {}): Session {
  return {
    id: unique('ath_ses'),
    handshakeId: unique('ath_hs'),
    clientId: 'ath_client',
    agentId: 'did:ath:office-assistant',
    clientDid: 'did:ath:office-assistant',
    clientKey: { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'B'.repeat(43) },
    thumbprint: 'thumbprint',
    userId: 'usr_wang',
    grants: [{ grantId: unique('gnt'), providerId: 'oa' }],
    credentialId: unique('ath_uc'),
    keys: {
      keyC2s: unique('key-c2s'),
      keyS2c: unique('key-s2c'),
      ivC2s: 'iv-c2s',
      ivS2c: 'iv-s2c',
      exporter: 'exporter',
    },
    createdAt: testEpoch,
    expiresAt: testEpoch + 28_800,
    ...changes,
  }
}

/** What every `SessionStore` does. */
export function sessionsContract(name: string, open: Open<SessionStore>): void {
  describe(`${name} as session store`, () => {
    const store = useAdapter(open)
    const insert = async (changes: Partial<Session> = {}) => {
      const session = sampleSession(changes)
      await store().insert(session)
      return session
    }

    test('gives back what was inserted with its keys, and refuses the same id again', async () => {
      const session = await insert()
      assert.deepEqual(await store().find(session.id), session)
      assert.equal(await store().find('ath_ses_nobody'), undefined)
      await assert.rejects(store().insert(session))
    })

    test('[U10] a session without encryption has no keys, one with it keeps them when it has ended', async () => {
      const { keys, ...plain } = sampleSession()
      await store().insert(plain)
      assert.deepEqual(await store().find(plain.id), plain)
      const encrypted = await insert()
      await store().revoke(encrypted.id, testEpoch)
      assert.deepEqual((await store().find(encrypted.id))?.keys, encrypted.keys)
    })

    test('of 50 parallel revocations the first one wins and its time stays', async () => {
      const session = await insert()
      const won = await inParallel(50, (index) => store().revoke(session.id, testEpoch + index))
      assert.equal(won.filter(Boolean).length, 1)
      const revokedAt = testEpoch + won.indexOf(true)
      assert.deepEqual(await store().find(session.id), { ...session, revokedAt })
      assert.equal(await store().revoke('ath_ses_nobody', testEpoch), false)
    })

    test('lists by credential, client, user and life, the oldest first', async () => {
      const userId = unique('usr')
      const newer = await insert({ userId, createdAt: testEpoch + 2 })
      const older = await insert({ userId, createdAt: testEpoch + 1, clientId: 'ath_other' })
      const expired = await insert({ userId, createdAt: testEpoch + 3, expiresAt: testEpoch + 5 })
      const revoked = await insert({ userId, createdAt: testEpoch + 4 })
      await store().revoke(revoked.id, testEpoch + 4)
      const ids = async (filter: Parameters<SessionStore['list']>[0]) =>
        (await store().list({ userId, ...filter })).map(({ id }) => id)
      assert.deepEqual(await ids({}), [older.id, newer.id, expired.id, revoked.id])
      assert.deepEqual(await ids({ clientId: 'ath_other' }), [older.id])
      assert.deepEqual(await ids({ credentialId: newer.credentialId }), [newer.id])
      assert.deepEqual(await ids({ liveAt: testEpoch + 5 }), [older.id, newer.id])
      assert.deepEqual(await store().list({ userId: 'usr_nobody' }), [])
    })

    test('[U10] no sequence number is set aside twice, in each direction, also by 50 callers at once', async () => {
      const { id } = await insert()
      const { id: other } = await insert()
      assert.equal(await store().reserveSequence(id, 'c2s', 100), 0)
      assert.equal(await store().reserveSequence(id, 's2c', 7), 0)
      assert.equal(await store().reserveSequence(other, 'c2s', 1), 0)
      // Each asks for more than what it got to know, so that one's end is the next one's beginning.
      const begins = await inParallel(50, (index) =>
        store().reserveSequence(id, 'c2s', 200 + index * 100),
      )
      const ends = Array.from({ length: 50 }, (_, index) => 200 + index * 100)
      const ranges = begins
        .map((begin, index) => ({ begin, end: Math.max(begin, ends[index] as number) }))
        .filter(({ begin, end }) => end > begin)
        .toSorted((a, b) => a.begin - b.begin)
      assert.equal(ranges[0]?.begin, 100)
      for (const [index, { end }] of ranges.entries())
        assert.ok(end === (ranges[index + 1]?.begin ?? 5100), JSON.stringify(ranges))
      assert.equal(await store().reserveSequence(id, 's2c', 8), 7)
    })

    test('[U10] what was set aside never moves down, and an unknown session has nothing', async () => {
      const { id } = await insert()
      await store().reserveSequence(id, 'c2s', 100)
      assert.equal(await store().reserveSequence(id, 'c2s', 50), 100)
      assert.equal(await store().reserveSequence(id, 'c2s', 100), 100)
      assert.equal(await store().reserveSequence(id, 'c2s', 101), 100)
      await assert.rejects(store().reserveSequence('ath_ses_nobody', 'c2s', 1))
    })

    test('a sweep removes what expired before, and nothing else', async () => {
      const old = await insert({ expiresAt: testEpoch - 5000 })
      const edge = await insert({ expiresAt: testEpoch - 4000 })
      assert.equal(await store().sweep(testEpoch - 4000), 1)
      assert.equal(await store().find(old.id), undefined)
      assert.deepEqual(await store().find(edge.id), edge)
    })
  })
}
