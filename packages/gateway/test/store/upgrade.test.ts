import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { sampleGrant, sampleNineStep, sampleSession, testEpoch } from '@sallyport/testing'
import { migrations } from '@ath-protocol/server/parts'
import { createFolder, openTestStore } from '../data-folder.ts'

/** A store that the first version wrote, as SQL. */
const firstVersion = readFileSync(join(import.meta.dirname, '0001.sql'), 'utf8')

describe('a store from before the nine-step handshake', () => {
  let folder = createFolder()
  beforeEach(() => {
    folder = createFolder()
    const database = new DatabaseSync(join(folder.dir, 'store.db'))
    database.exec(firstVersion)
    database.close()
  })
  afterEach(() => folder.remove())

  test('is brought up to date with everything that was in it', async () => {
    const store = await openTestStore(folder.dir)
    const registration = await store.registry.findByClientId('ath_old')
    assert.equal(registration?.agentId, 'https://old.example/agent.json')
    assert.deepEqual(registration.previousSecret, { hash: 'older', until: testEpoch + 60 })
    assert.ok(!('restrictions' in registration) && !('keyThumbprint' in registration))
    const handshake = await store.handshakes.find('ath_sess_old')
    assert.equal(handshake?.codeVerifier, 'verifier')
    assert.deepEqual(await store.grants.find('gnt_old'), sampleGrant({ id: 'gnt_old' }))
    const token = await store.tokens.find('token-hash')
    assert.equal(token?.grantId, 'gnt_old')
    assert.ok(!('sessionId' in token))
    assert.equal((await store.providerTokens.find('gnt_old'))?.refreshToken, 'refresh')
    const claim = store.replay.claim('https://old.example/agent.json', 'jti-1', testEpoch + 60)
    assert.equal(await claim, false)
    assert.equal((await store.logins.findSession('cookie-hash'))?.csrfToken, 'csrf')
    assert.equal(await store.auditAnchor.read(), 'signed head')
    await store.close()
  })

  test('goes on with what is new, also for what was in it', async () => {
    const first = await openTestStore(folder.dir)
    const session = sampleSession()
    await first.nineStep.insert(sampleNineStep())
    await first.sessions.insert(session)
    assert.equal(await first.grants.confirm('gnt_old', testEpoch + 9000, session.id), true)
    const restrictions = { ip_whitelist: ['10.0.0.0/8'] }
    assert.equal(await first.registry.update('ath_old', { restrictions }), true)
    await first.close()
    const second = await openTestStore(folder.dir)
    assert.equal((await second.grants.find('gnt_old'))?.sessionId, session.id)
    const registration = await second.registry.findByClientId('ath_old')
    assert.deepEqual(registration?.restrictions, restrictions)
    await second.close()
  })

  test('has the schema of a new store afterwards: no released step was edited', async () => {
    const fresh = createFolder()
    const schemas = []
    for (const { dir } of [folder, fresh]) {
      await (await openTestStore(dir)).close()
      const database = new DatabaseSync(join(dir, 'store.db'))
      schemas.push(
        database
          .prepare(
            "SELECT name, sql FROM sqlite_master WHERE tbl_name <> 'kysely_migration_lock' ORDER BY name",
          )
          .all(),
        database.prepare('SELECT name FROM kysely_migration ORDER BY name').all(),
      )
      database.close()
    }
    fresh.remove()
    assert.deepEqual(schemas.slice(0, 2), schemas.slice(2))
    assert.equal(schemas[1]?.length, Object.keys(migrations).length)
  })
})
