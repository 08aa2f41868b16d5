import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { UserKey, UserKeyStore } from '@ath-protocol/server'
import { testEpoch } from '../clock.ts'
import { inParallel, type Open, unique, useAdapter } from './opened.ts'

export function sampleUserKey(changes: Partial<UserKey> = {}): UserKey {
  return {
    thumbprint: unique('thumbprint'),
    userId: unique('usr'),
    jwk: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) },
    label: 'laptop 笔记本',
    createdAt: testEpoch + 0.5,
    ...changes,
  }
}

/** What every `UserKeyStore` does. */
export function userKeysContract(name: string, open: Open<UserKeyStore>): void {
  describe(`${name} as user key store`, () => {
    const store = useAdapter(open)
    const insert = async (changes: Partial<UserKey> = {}) => {
      const key = sampleUserKey(changes)
      assert.equal(await store().insert(key), true)
      return key
    }

    test('gives back what was inserted, and lists a user’s keys, the oldest first', async () => {
      const newer = await insert({ createdAt: testEpoch + 2 })
      const older = await insert({ userId: newer.userId, createdAt: testEpoch + 1 })
      await insert()
      assert.deepEqual(await store().find(newer.thumbprint), newer)
      assert.equal(await store().find('nobody'), undefined)
      assert.deepEqual(await store().list(newer.userId), [older, newer])
      assert.deepEqual(await store().list('usr_nobody'), [])
    })

    test('[U6] a key is one user’s: of 50 who register it at once one has it, and the others never', async () => {
      const thumbprint = unique('thumbprint')
      const rivals = Array.from({ length: 50 }, () => sampleUserKey({ thumbprint }))
      const won = await inParallel(50, (index) => store().insert(rivals[index] as UserKey))
      assert.equal(won.filter(Boolean).length, 1)
      assert.deepEqual(await store().find(thumbprint), rivals[won.indexOf(true)])
      assert.equal(await store().insert(sampleUserKey({ thumbprint })), false)
    })

    test('only its user removes a key, once; then it may be registered again', async () => {
      const key = await insert()
      assert.equal(await store().remove('usr_other', key.thumbprint), false)
      assert.deepEqual(await store().find(key.thumbprint), key)
      const removed = await inParallel(50, () => store().remove(key.userId, key.thumbprint))
      assert.equal(removed.filter(Boolean).length, 1)
      assert.equal(await store().find(key.thumbprint), undefined)
      await insert({ thumbprint: key.thumbprint })
    })
  })
}
