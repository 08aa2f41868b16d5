import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { TokenRecord, TokenStore } from '@ath-protocol/server'
import { testEpoch } from '../clock.ts'
import { inParallel, type Open, unique, useAdapter } from './opened.ts'

export function sampleToken(changes: Partial<TokenRecord> = {}): TokenRecord {
  return {
    hash: unique('hash'),
    grantId: unique('gnt'),
    clientId: 'ath_client',
    agentId: 'https://agent.example/agent.json',
    userId: 'usr_wang',
    providerId: 'oa',
    scopes: ['oa:read', 'oa:write'],
    issuedAt: testEpoch,
    expiresAt: testEpoch + 3600,
    ...changes,
  }
}

/** What every `TokenStore` does. */
export function tokensContract(name: string, open: Open<TokenStore>): void {
  describe(`${name} as token store`, () => {
    const store = useAdapter(open)
    const insert = async (changes: Partial<TokenRecord> = {}) => {
      const token = sampleToken(changes)
      await store().insert(token)
      return token
    }

    test('gives back the agent, user, provider and scopes that a token was bound to', async () => {
      const token = await insert()
      assert.deepEqual(await store().find(token.hash), token)
      assert.equal(await store().find('nothing'), undefined)
      await assert.rejects(store().insert(token))
    })

    test('[U9] a token of a session says which', async () => {
      const token = await insert({ sessionId: unique('ath_ses') })
      assert.deepEqual(await store().find(token.hash), token)
      assert.equal((await store().find((await insert()).hash))?.sessionId, undefined)
    })

    test('[R107] a revocation shows to the next reader; of 50 parallel ones exactly one wins', async () => {
      const token = await insert()
      const won = await inParallel(50, async (index) => {
        const first = await store().revoke(token.hash, testEpoch + index)
        assert.notEqual((await store().find(token.hash))?.revokedAt, undefined)
        return first
      })
      assert.equal(won.filter(Boolean).length, 1)
      assert.equal((await store().find(token.hash))?.revokedAt, testEpoch + won.indexOf(true))
      assert.equal(await store().revoke('nothing', testEpoch), false)
    })

    test('[R107] revoking a grant revokes its live tokens, and only those', async () => {
      const grantId = unique('gnt')
      const [first, second] = [await insert({ grantId }), await insert({ grantId })]
      const expired = await insert({ grantId, expiresAt: testEpoch + 10 })
      const revoked = await insert({ grantId })
      await store().revoke(revoked.hash, testEpoch + 1)
      const other = await insert()
      assert.equal(await store().revokeByGrant(grantId, testEpoch + 10), 2)
      assert.equal(await store().revokeByGrant(grantId, testEpoch + 11), 0)
      const revokedAt = async ({ hash }: TokenRecord) => (await store().find(hash))?.revokedAt
      assert.equal(await revokedAt(first), testEpoch + 10)
      assert.equal(await revokedAt(second), testEpoch + 10)
      assert.equal(await revokedAt(expired), undefined)
      assert.equal(await revokedAt(revoked), testEpoch + 1)
      assert.equal(await revokedAt(other), undefined)
    })

    test('a sweep removes what expired before, and nothing else', async () => {
      const old = await insert({ expiresAt: testEpoch - 5000 })
      const edge = await insert({ expiresAt: testEpoch - 4000 })
      assert.equal(await store().sweep(testEpoch - 4000), 1)
      assert.equal(await store().find(old.hash), undefined)
      assert.deepEqual(await store().find(edge.hash), edge)
    })
  })
}
