import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Grant, GrantStore } from '@ath-protocol/server'
import { testEpoch } from '../clock.ts'
import { inParallel, type Open, unique, useAdapter } from './opened.ts'

export function sampleGrant(changes: Partial<Grant> = {}): Grant {
  return {
    id: unique('gnt'),
    clientId: 'ath_client',
    agentId: 'https://agent.example/agent.json',
    userId: 'usr_wang',
    userSource: 'login',
    providerId: 'oa',
    scopes: ['oa:read'],
    createdAt: testEpoch,
    expiresAt: testEpoch + 600,
    ...changes,
  }
}

/** What every `GrantStore` does. */
export function grantsContract(name: string, open: Open<GrantStore>): void {
  describe(`${name} as grant store`, () => {
    const store = useAdapter(open)
    const insert = async (changes: Partial<Grant> = {}) => {
      const grant = sampleGrant(changes)
      await store().insert(grant)
      return grant
    }

    test('gives back what was inserted and refuses the same id again', async () => {
      const grant = await insert()
      assert.deepEqual(await store().find(grant.id), grant)
      assert.equal(await store().find('gnt_nobody'), undefined)
      await assert.rejects(store().insert(grant))
    })

    test('of 50 parallel revocations the first one wins and its time stays', async () => {
      const grant = await insert()
      const won = await inParallel(50, (index) => store().revoke(grant.id, testEpoch + index))
      assert.equal(won.filter(Boolean).length, 1)
      const revokedAt = testEpoch + won.indexOf(true)
      assert.deepEqual(await store().find(grant.id), { ...grant, revokedAt })
      assert.equal(await store().revoke('gnt_nobody', testEpoch), false)
    })

    test('a live grant is confirmed; a revoked or unknown one is not', async () => {
      const grant = await insert()
      assert.equal(await store().confirm(grant.id, testEpoch + 28_800), true)
      assert.equal((await store().find(grant.id))?.expiresAt, testEpoch + 28_800)
      await store().revoke(grant.id, testEpoch)
      assert.equal(await store().confirm(grant.id, testEpoch + 99_999), false)
      assert.equal((await store().find(grant.id))?.expiresAt, testEpoch + 28_800)
      assert.equal(await store().confirm('gnt_nobody', testEpoch), false)
    })

    test('a live grant is narrowed; a revoked or unknown one is not', async () => {
      const grant = await insert({ scopes: ['oa:read', 'oa:write'] })
      assert.equal(await store().narrow(grant.id, ['oa:read']), true)
      assert.deepEqual(await store().find(grant.id), { ...grant, scopes: ['oa:read'] })
      await store().revoke(grant.id, testEpoch)
      assert.equal(await store().narrow(grant.id, []), false)
      assert.deepEqual((await store().find(grant.id))?.scopes, ['oa:read'])
      assert.equal(await store().narrow('gnt_nobody', []), false)
    })

    test('[U13] keeps the restrictions that the user agreed to', async () => {
      const restrictions = [
        { ip_whitelist: ['10.0.0.0/8', '2001:db8::/32'] },
        { access_time: '9:00-18:00', access_timezone: 'Asia/Shanghai', rate_limit: '100/minute' },
      ]
      const grant = await insert({ restrictions })
      assert.deepEqual(await store().find(grant.id), grant)
      const listed = await store().list({ userId: grant.userId })
      assert.deepEqual(
        listed.find(({ id }) => id === grant.id),
        grant,
      )
    })

    test('a confirmation can tie a grant to a session, and a later one without leaves it there', async () => {
      const grant = await insert()
      const sessionId = unique('ath_ses')
      assert.equal(await store().confirm(grant.id, testEpoch + 3600, sessionId), true)
      const confirmed = { ...grant, expiresAt: testEpoch + 3600, sessionId }
      assert.deepEqual(await store().find(grant.id), confirmed)
      await store().confirm(grant.id, testEpoch + 7200)
      assert.equal((await store().find(grant.id))?.sessionId, sessionId)
      const born = await insert({ sessionId })
      assert.equal((await store().find(born.id))?.sessionId, sessionId)
      await store().revoke(grant.id, testEpoch)
      assert.equal(await store().confirm(grant.id, testEpoch, unique('ath_ses')), false)
      assert.equal((await store().find(grant.id))?.sessionId, sessionId)
    })

    test('lists by user, client, provider and life, the oldest first', async () => {
      const userId = unique('usr')
      const newer = await insert({ userId, createdAt: testEpoch + 2 })
      const older = await insert({ userId, createdAt: testEpoch + 1, providerId: 'crm' })
      const other = await insert({ userId, clientId: 'ath_other', createdAt: testEpoch + 3 })
      const expired = await insert({ userId, createdAt: testEpoch + 4, expiresAt: testEpoch + 5 })
      const revoked = await insert({ userId, createdAt: testEpoch + 5 })
      await store().revoke(revoked.id, testEpoch + 6)
      const ids = async (filter: Parameters<GrantStore['list']>[0]) =>
        (await store().list({ userId, ...filter })).map(({ id }) => id)
      assert.deepEqual(await ids({}), [older.id, newer.id, other.id, expired.id, revoked.id])
      assert.deepEqual(await ids({ providerId: 'crm' }), [older.id])
      assert.deepEqual(await ids({ clientId: 'ath_other' }), [other.id])
      assert.deepEqual(await ids({ liveAt: testEpoch + 5 }), [older.id, newer.id, other.id])
      assert.deepEqual(await store().list({ userId: 'usr_nobody' }), [])
    })
  })
}
