import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { sqliteStore } from '@ath-protocol/server/sqlite'
import { assertStoreIsDown, sampleGrant, storeContract, storeDeps } from '@sallyport/testing'

const dir = mkdtempSync(join(tmpdir(), 'ath-sqlite-'))
after(() => rmSync(dir, { recursive: true, force: true }))

let count = 0
const file = () => join(dir, `${++count}.db`)

storeContract('SQLite', () => sqliteStore({ file: file() }).open(storeDeps()))

describe('sqliteStore', () => {
  test('is this process’s own unless it says that others have the file open', async () => {
    for (const shared of [false, true]) {
      const store = await sqliteStore({ file: file(), shared }).open(storeDeps())
      assert.equal(store.shared, shared)
      await store.close()
    }
  })

  test('two that have one file open see each other’s writes', async () => {
    const source = sqliteStore({ file: file(), shared: true })
    const [left, right] = [await source.open(storeDeps()), await source.open(storeDeps())]
    const grant = sampleGrant()
    await left.grants.insert(grant)
    assert.deepEqual(await right.grants.find(grant.id), grant)
    assert.equal(await right.grants.revoke(grant.id, 1), true)
    assert.equal((await left.grants.find(grant.id))?.revokedAt, 1)
    await Promise.all([left.close(), right.close()])
  })

  test('every method of a store that is closed says that the store does not answer', async () => {
    const store = await sqliteStore({ file: file() }).open(storeDeps())
    await store.close()
    await assertStoreIsDown(store)
  })
})
