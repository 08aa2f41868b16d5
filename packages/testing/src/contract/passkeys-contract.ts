import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Passkey, PasskeyStore } from '@ath-protocol/server/parts'
import { testEpoch } from '../clock.ts'
import { inParallel, type Open, unique, useAdapter } from './opened.ts'

export function samplePasskey(changes: Partial<Passkey> = {}): Passkey {
  return {
    credentialId: unique('credential'),
    userId: unique('usr'),
    publicKey: 'pQECAyYgASFYIA',
    counter: 5,
    transports: ['internal', 'hybrid'],
    label: 'phone 手机',
    backedUp: true,
    createdAt: testEpoch + 0.5,
    ...changes,
  }
}

/** What every `PasskeyStore` does. */
export function passkeysContract(name: string, open: Open<PasskeyStore>): void {
  describe(`${name} as passkey store`, () => {
    const store = useAdapter(open)
    const insert = async (changes: Partial<Passkey> = {}) => {
      const passkey = samplePasskey(changes)
      assert.equal(await store().insert(passkey), true)
      return passkey
    }

    test('gives back what was inserted, and lists a user’s passkeys, the oldest first', async () => {
      const newer = await insert({ createdAt: testEpoch + 2, lastUsedAt: testEpoch + 3 })
      const older = await insert({
        userId: newer.userId,
        createdAt: testEpoch + 1,
        transports: [],
        backedUp: false,
      })
      assert.deepEqual(await store().find(newer.credentialId), newer)
      assert.equal(await store().find('nothing'), undefined)
      assert.deepEqual(await store().list(newer.userId), [older, newer])
      assert.deepEqual(await store().list('usr_nobody'), [])
    })

    test('[D19] a credential is one user’s: of 50 who register it at once one has it', async () => {
      const credentialId = unique('credential')
      const rivals = Array.from({ length: 50 }, () => samplePasskey({ credentialId }))
      const won = await inParallel(50, (index) => store().insert(rivals[index] as Passkey))
      assert.equal(won.filter(Boolean).length, 1)
      assert.deepEqual(await store().find(credentialId), rivals[won.indexOf(true)])
    })

    test('[D19] of 50 uses that read the same counter one counts', async () => {
      const passkey = await insert()
      const bumped = await inParallel(50, (index) =>
        store().bump(passkey.credentialId, 5, {
          counter: 6 + index,
          backedUp: false,
          at: testEpoch + index,
        }),
      )
      assert.equal(bumped.filter(Boolean).length, 1)
      const index = bumped.indexOf(true)
      assert.deepEqual(await store().find(passkey.credentialId), {
        ...passkey,
        counter: 6 + index,
        backedUp: false,
        lastUsedAt: testEpoch + index,
      })
      const late = { counter: 99, backedUp: true, at: testEpoch }
      assert.equal(await store().bump(passkey.credentialId, 5, late), false)
      assert.equal(await store().bump('nothing', 5, late), false)
    })

    test('an authenticator that does not count is used again and again', async () => {
      const { credentialId } = await insert({ counter: 0 })
      for (const at of [testEpoch + 1, testEpoch + 2]) {
        assert.equal(await store().bump(credentialId, 0, { counter: 0, backedUp: true, at }), true)
        assert.equal((await store().find(credentialId))?.lastUsedAt, at)
      }
    })

    test('only its user removes a passkey, once', async () => {
      const { userId, credentialId } = await insert()
      assert.equal(await store().remove('usr_other', credentialId), false)
      assert.equal(await store().remove(userId, credentialId), true)
      assert.equal(await store().remove(userId, credentialId), false)
      assert.equal(await store().find(credentialId), undefined)
    })
  })
}
