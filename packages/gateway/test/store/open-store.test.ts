import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, test } from 'node:test'
import {
  clearName,
  createSeededRandom,
  sampleGrant,
  sampleHandshake,
  sampleProviderTokens,
  secretMark,
  sampleSession,
  sampleToken,
  testEpoch,
  writeSecrets,
} from '@sallyport/testing'
import {
  createSeal,
  migrations,
  openStore,
  sealingKey,
  StartError,
} from '@ath-protocol/server/parts'
import { createFolder, openTestStore } from '../data-folder.ts'

describe('openStore', () => {
  let folder = createFolder()
  beforeEach(() => {
    folder = createFolder()
  })
  afterEach(() => folder.remove())
  const file = () => join(folder.dir, 'store.db')

  test('of 50 parallel exchanges over two connections to one store exactly one wins', async () => {
    const [left, right] = [await openTestStore(folder.dir), await openTestStore(folder.dir)]
    const handshake = sampleHandshake({ state: 'consented' })
    await left.handshakes.insert(handshake)
    const spent = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        (index % 2 ? left : right).handshakes.advance(handshake.id, 'spend', testEpoch),
      ),
    )
    assert.equal(spent.filter((found) => found !== undefined).length, 1)
    await Promise.all([left.close(), right.close()])
  })

  test('[R75] [R122] no secret lies in clear in the database, its log or its index', async () => {
    const store = await openTestStore(folder.dir)
    await writeSecrets(store)
    const onDisk = () =>
      Buffer.concat(
        readdirSync(folder.dir).map((name) => readFileSync(join(folder.dir, name))),
      ).toString('latin1')
    // Once as it lies in the write-ahead log, once as it lies in the database after closing.
    for (const when of ['open', 'closed']) {
      if (when === 'closed') await store.close()
      const bytes = onDisk()
      assert.ok(bytes.includes(clearName), `${when}: the search finds what is in clear`)
      assert.ok(!bytes.includes(secretMark), when)
    }
  })

  test('a sealed value moved to another row does not open', async () => {
    const store = await openTestStore(folder.dir)
    await store.providerTokens.save('gnt_1', sampleProviderTokens())
    await store.providerTokens.save('gnt_2', sampleProviderTokens())
    const thief = new DatabaseSync(file())
    thief.exec(
      "UPDATE provider_tokens SET sealed_tokens = (SELECT sealed_tokens FROM provider_tokens WHERE grant_id = 'gnt_1') WHERE grant_id = 'gnt_2'",
    )
    thief.close()
    await assert.rejects(store.providerTokens.find('gnt_2'), /was changed or moved/)
    assert.ok(await store.providerTokens.find('gnt_1'))
    await store.close()
  })

  test('the keys of one session do not open for another', async () => {
    const store = await openTestStore(folder.dir)
    await store.sessions.insert(sampleSession({ id: 'ath_ses_1' }))
    await store.sessions.insert(sampleSession({ id: 'ath_ses_2' }))
    const thief = new DatabaseSync(file())
    thief.exec(
      "UPDATE sessions SET sealed_keys = (SELECT sealed_keys FROM sessions WHERE id = 'ath_ses_1') WHERE id = 'ath_ses_2'",
    )
    thief.close()
    await assert.rejects(store.sessions.find('ath_ses_2'), /was changed or moved/)
    assert.ok(await store.sessions.find('ath_ses_1'))
    await store.close()
  })

  test('the file, its log and its index are only for their owner, also when the folder was not', async () => {
    const dir = join(folder.dir, 'new', 'data')
    const store = await openTestStore(dir)
    await store.grants.insert(sampleGrant())
    assert.equal(statSync(dir).mode & 0o777, 0o700)
    const names = readdirSync(dir)
    assert.deepEqual(names.toSorted(), ['store.db', 'store.db-shm', 'store.db-wal'])
    for (const name of names) assert.equal(statSync(join(dir, name)).mode & 0o777, 0o600, name)
    await store.close()
    chmodSync(join(dir, 'store.db'), 0o644)
    await (await openTestStore(dir)).close()
    assert.equal(statSync(join(dir, 'store.db')).mode & 0o777, 0o600)
  })

  test('the store is in WAL mode', async () => {
    const store = await openTestStore(folder.dir)
    const database = new DatabaseSync(file())
    assert.equal(database.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'wal')
    database.close()
    await store.close()
  })

  const refusal = async (pattern: RegExp) => {
    await assert.rejects(openTestStore(folder.dir), (error) => {
      assert.ok(error instanceof StartError, String(error))
      assert.match(error.message, pattern)
      assert.ok(error.fix.length > 10)
      return true
    })
  }

  test('a store written by a newer version is refused and left as it is', async () => {
    await (await openTestStore(folder.dir)).close()
    const database = new DatabaseSync(file())
    database.exec("INSERT INTO kysely_migration VALUES ('9999_future', '2030-01-01')")
    database.close()
    await refusal(/newer version \(it has 9999_future\)[\s\S]*Fix: start the version that wrote it/)
  })

  test('a file that is no store is refused, with what to do', async () => {
    writeFileSync(file(), 'this is not a database '.repeat(500))
    await refusal(/is damaged[\s\S]*restore the last backup/)
  })

  test('a store with damaged pages is refused', async () => {
    const store = await openTestStore(folder.dir)
    for (let count = 0; count < 200; count++) await store.tokens.insert(sampleToken())
    await store.close()
    const bytes = readFileSync(file())
    bytes.fill(0x5a, 200, 4096)
    writeFileSync(file(), bytes)
    await refusal(/is damaged/)
  })

  test('a store that another process holds for itself is refused, with what to do', async () => {
    await (await openTestStore(folder.dir)).close()
    const holder = new DatabaseSync(file())
    holder.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    const random = createSeededRandom()
    const seal = createSeal([sealingKey(Buffer.alloc(32))], random)
    await assert.rejects(
      openStore({ file: file(), seal, random, busyTimeoutMilliseconds: 20 }),
      /is locked by another process[\s\S]*Fix: stop it/,
    )
    holder.close()
  })

  test('a folder in place of the file is refused, with what to do', async () => {
    mkdirSync(file())
    await refusal(/cannot be opened for writing \(EISDIR\)/)
  })

  test('a migration that was killed half way leaves nothing behind', async () => {
    const name = '0002_broken'
    const broken = migrations as Record<string, (typeof migrations)[string]>
    broken[name] = {
      up: async (db) => {
        await db.schema.createTable('half').addColumn('id', 'text').execute()
        throw new Error('killed')
      },
    }
    try {
      await assert.rejects(openTestStore(folder.dir), /killed/)
    } finally {
      delete broken[name]
    }
    const store = await openTestStore(folder.dir)
    await store.check()
    await store.close()
    const database = new DatabaseSync(file())
    assert.equal(
      database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'half'").get(),
      undefined,
    )
    database.close()
  })

  test('check fails once the store is closed', async () => {
    const store = await openTestStore(folder.dir)
    await store.check()
    await store.close()
    await assert.rejects(store.check())
  })
})
