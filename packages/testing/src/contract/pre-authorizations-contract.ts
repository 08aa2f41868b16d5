import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PreAuthorization, PreAuthorizationStore } from '@ath-protocol/server'
import { testEpoch } from '../clock.ts'
import { inParallel, type Open, unique, useAdapter } from './opened.ts'

export function samplePreAuthorization(changes: Partial<PreAuthorization> = {}): PreAuthorization {
  return {
    id: unique('ath_uc'),
    userId: 'usr_wang',
    clientDid: 'did:ath:office-assistant',
    scopes: ['oa:read', 'crm:write'],
    oneTime: false,
    madeBy: 'user',
    hash: unique('hash'),
    createdAt: testEpoch + 0.25,
    expiresAt: testEpoch + 86_400,
    ...changes,
  }
}

/** What every `PreAuthorizationStore` does. */
export function preAuthorizationsContract(name: string, open: Open<PreAuthorizationStore>): void {
  describe(`${name} as pre-authorization store`, () => {
    const store = useAdapter(open)
    const ensure = (changes: Partial<PreAuthorization> = {}) =>
      store().ensure(samplePreAuthorization(changes))

    test('gives back what was written down, by name and by hash', async () => {
      const written = samplePreAuthorization({ oneTime: true, madeBy: 'gateway' })
      assert.deepEqual(await store().ensure(written), written)
      assert.deepEqual(await store().find(written.userId, written.id), written)
      assert.deepEqual(await store().findByHash(written.hash), written)
      const signed = samplePreAuthorization({ signedBy: 'a-thumbprint' })
      assert.deepEqual(await store().ensure(signed), signed)
      assert.equal(await store().find('usr_other', written.id), undefined)
      assert.equal(await store().find(written.userId, 'nothing'), undefined)
      assert.equal(await store().findByHash('nothing'), undefined)
    })

    test('[U6] the first credential of a name stands, also of 50 at once; another user’s name is another', async () => {
      const id = unique('ath_uc')
      const rivals = Array.from({ length: 50 }, () => samplePreAuthorization({ id }))
      const standing = await inParallel(50, (index) =>
        store().ensure(rivals[index] as PreAuthorization),
      )
      assert.equal(new Set(standing.map(({ hash }) => hash)).size, 1)
      assert.deepEqual(
        standing[0],
        rivals.find(({ hash }) => hash === standing[0]?.hash),
      )
      const other = samplePreAuthorization({ id, userId: 'usr_li' })
      assert.deepEqual(await store().ensure(other), other)
    })

    test('[U6] a one-time one is used once, also by 50 at once', async () => {
      const { userId, id } = await ensure({ oneTime: true })
      const used = await inParallel(50, (index) => store().use(userId, id, testEpoch + index))
      assert.equal(used.filter(Boolean).length, 1)
      assert.equal((await store().find(userId, id))?.usedAt, testEpoch + used.indexOf(true))
      assert.equal(await store().use(userId, id, testEpoch + 99), false)
    })

    test('another one is used as often as it is shown, and its last use is known', async () => {
      const { userId, id } = await ensure()
      assert.equal(await store().use(userId, id, testEpoch + 1), true)
      assert.equal(await store().use(userId, id, testEpoch + 2), true)
      assert.equal((await store().find(userId, id))?.usedAt, testEpoch + 2)
    })

    test('[D12] none is used from the second on in which it expires, nor one that is unknown', async () => {
      const { userId, id, expiresAt } = await ensure()
      assert.equal(await store().use(userId, id, expiresAt), false)
      assert.equal((await store().find(userId, id))?.usedAt, undefined)
      assert.equal(await store().use(userId, id, expiresAt - 0.001), true)
      assert.equal(await store().use(userId, 'nothing', testEpoch), false)
      assert.equal(await store().use('usr_other', id, testEpoch), false)
    })

    test('[U6] a revoked one is not used; of 50 parallel revocations the first one wins and its time stays', async () => {
      const { userId, id, hash } = await ensure()
      const won = await inParallel(50, (index) => store().revoke(userId, id, testEpoch + index))
      assert.equal(won.filter(Boolean).length, 1)
      assert.equal((await store().findByHash(hash))?.revokedAt, testEpoch + won.indexOf(true))
      assert.equal(await store().use(userId, id, testEpoch + 60), false)
      assert.equal(await store().revoke(userId, id, testEpoch + 61), false)
    })

    test('when a use and a revocation meet, nothing is used after the revocation', async () => {
      const { userId, id } = await ensure()
      await inParallel(50, async (index) => {
        if (index === 25) await store().revoke(userId, id, testEpoch)
        else await store().use(userId, id, testEpoch)
      })
      assert.equal(await store().use(userId, id, testEpoch), false)
    })

    test('[U6] one that was revoked before anybody showed it never counts, and is not listed', async () => {
      const userId = unique('usr')
      const shown = samplePreAuthorization({ userId })
      assert.equal(await store().revoke(userId, shown.id, testEpoch), true)
      assert.equal(await store().revoke(userId, shown.id, testEpoch + 1), false)
      assert.equal((await store().ensure(shown)).revokedAt, testEpoch)
      assert.equal((await store().find(userId, shown.id))?.revokedAt, testEpoch)
      assert.equal(await store().use(userId, shown.id, testEpoch + 2), false)
      assert.equal(await store().findByHash(shown.hash), undefined)
      assert.equal(await store().findByHash(''), undefined)
      assert.deepEqual(await store().list(userId), [])
      await store().sweep(testEpoch + 1e9)
      assert.equal((await store().ensure(shown)).revokedAt, testEpoch)
    })

    test('lists a user’s, the newest first', async () => {
      const userId = unique('usr')
      const older = await ensure({ userId, createdAt: testEpoch + 1 })
      const newer = await ensure({ userId, createdAt: testEpoch + 2 })
      assert.deepEqual(await store().list(userId), [newer, older])
    })

    test('a sweep removes what expired before, and nothing else', async () => {
      const userId = unique('usr')
      const old = await ensure({ userId, expiresAt: testEpoch - 5000 })
      const edge = await ensure({ userId, expiresAt: testEpoch - 4000 })
      assert.equal(await store().sweep(testEpoch - 4000), 1)
      assert.equal(await store().find(userId, old.id), undefined)
      assert.deepEqual(await store().list(userId), [edge])
    })
  })
}
