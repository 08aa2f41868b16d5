import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { after, describe, test } from 'node:test'
import { TLSSocket } from 'node:tls'
import type { Store } from '@ath-protocol/server'
import { StartError } from '@ath-protocol/server/parts'
import { type PostgresOptions, postgresStore } from '@ath-protocol/server/postgres'
import {
  assertStoreIsDown,
  clearName,
  createTestCertificate,
  freePort,
  postgresPassword,
  sampleGrant,
  sampleHandshake,
  secretMark,
  startPostgres,
  storeContract,
  storeDeps,
  testEpoch,
  unique,
  writeSecrets,
} from '@sallyport/testing'
import pg from 'pg'
import { eventually } from './eventually.ts'
import { assertNothingLost, writeAndDie } from './killed-writer.ts'

const server = await startPostgres()
const admin = new pg.Pool({ connectionString: server.url })
admin.on('error', () => {})
after(async () => {
  // A test that failed left its store open, and the process would wait for it.
  await Promise.allSettled(opened.map((store) => store.close()))
  await admin.end()
  await server.close()
})

const newSchema = () => unique('suite').replace('-', '_')
const opened: Store[] = []
const open = async (changes: Partial<PostgresOptions> = {}): Promise<Store> => {
  const store = await postgresStore({ url: server.url, schema: newSchema(), ...changes }).open(
    storeDeps(),
  )
  opened.push(store)
  return store
}
const urlWith = (changes: Partial<Pick<URL, 'username' | 'password' | 'pathname' | 'host'>>) =>
  Object.assign(new URL(server.url), changes).href

storeContract('PostgreSQL', open)

describe('postgresStore', () => {
  test('is shared: two processes see each other’s writes, and of 50 exchanges over both one wins', async () => {
    const schema = newSchema()
    const [left, right] = [await open({ schema }), await open({ schema })]
    assert.equal(left.shared, true)
    const handshake = sampleHandshake({ state: 'consented' })
    await left.handshakes.insert(handshake)
    assert.deepEqual(await right.handshakes.find(handshake.id), handshake)
    const spent = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        (index % 2 ? left : right).handshakes.advance(handshake.id, 'spend', testEpoch),
      ),
    )
    assert.equal(spent.filter((found) => found !== undefined).length, 1)
    await Promise.all([left.close(), right.close()])
  })

  test('keeps its tables in the schema `ath` unless told, away from those of the service', async () => {
    const store = await open({ schema: 'ath' })
    await store.close()
    const { rows } = await admin.query(
      "select table_name from information_schema.tables where table_schema = 'public'",
    )
    assert.deepEqual(rows, [])
    const again = await postgresStore({ url: server.url }).open(storeDeps())
    await again.check()
    await again.close()
  })

  test('many processes that start together on a new database make one schema, each time', async () => {
    for (let round = 0; round < 5; round++) {
      const schema = newSchema()
      const stores = await Promise.all(
        Array.from({ length: 6 }, () => open({ schema, poolSize: 2 })),
      )
      const grant = sampleGrant()
      await stores[0]?.grants.insert(grant)
      for (const store of stores) assert.deepEqual(await store.grants.find(grant.id), grant)
      await Promise.all(stores.map((store) => store.close()))
    }
  })

  test('what two channels learn at once about the same two people leaves nobody with two ids', async () => {
    const store = await open()
    const channel = 'slack'
    const pairs = Array.from({ length: 40 }, (_, index) => ({
      channel,
      externalId: `U${index % 2}`,
      userId: `usr_${(index >> 1) % 2}`,
      learnedAt: testEpoch + index,
    }))
    await Promise.all(pairs.map((pair) => store.channelIdentities.upsert(pair)))
    for (const userId of ['usr_0', 'usr_1']) {
      const found = await store.channelIdentities.findByUser(channel, userId)
      if (!found) continue
      const { externalId } = found
      assert.deepEqual(await store.channelIdentities.findByExternal(channel, externalId), found)
    }
    await store.close()
  })

  test('text that PostgreSQL cannot hold does not take the store for dead', async () => {
    const store = await open()
    const person = await store.logins.ensureUser({
      issuer: 'https://idp.example',
      subject: unique('sub'),
      name: 'a\u0000b \uE000 \uE0000',
    })
    assert.deepEqual(await store.logins.findUser(person.id), person)
    await store.close()
  })

  test('[R75] [R122] no secret lies in clear in a dump', async () => {
    const schema = newSchema()
    const store = await open({ schema })
    await writeSecrets(store)
    const { rows: tables } = await admin.query<{ name: string }>(
      'select table_name as name from information_schema.tables where table_schema = $1',
      [schema],
    )
    assert.ok(tables.length >= 19)
    let dump = ''
    for (const { name } of tables)
      dump += JSON.stringify((await admin.query(`select * from ${schema}.${name}`)).rows)
    assert.ok(dump.includes(clearName), 'the search finds what is in clear')
    assert.ok(!dump.includes(secretMark))
    await store.close()
  })

  test('a sealed value moved to another row does not open', async () => {
    const schema = newSchema()
    const store = await open({ schema })
    await store.providerTokens.save('gnt_1', { accessToken: 'one', scopes: [] })
    await store.providerTokens.save('gnt_2', { accessToken: 'two', scopes: [] })
    await admin.query(
      `update ${schema}.provider_tokens set sealed_tokens = (select sealed_tokens from ${schema}.provider_tokens where grant_id = 'gnt_1')`,
    )
    await assert.rejects(store.providerTokens.find('gnt_2'), /was changed or moved/)
    assert.equal((await store.providerTokens.find('gnt_1'))?.accessToken, 'one')
    await store.close()
  })

  test('connections that are cut are replaced, also in the middle of work', async () => {
    const store = await open({ poolSize: 4 })
    const grant = sampleGrant()
    await store.grants.insert(grant)
    for (let round = 0; round < 3; round++) {
      const reading = Promise.allSettled(
        Array.from({ length: 40 }, () => store.grants.find(grant.id)),
      )
      await admin.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ath'",
      )
      for (const result of await reading)
        if (result.status === 'rejected') assert.match(String(result.reason), /DependencyDown/)
      assert.deepEqual(await eventually(() => store.grants.find(grant.id)), grant)
    }
    await store.close()
  })

  test('a server that is gone makes every method say so, and work goes on when it is back', async () => {
    const store = await open()
    const grant = sampleGrant()
    await store.grants.insert(grant)
    await server.stop('SIGQUIT')
    await assertStoreIsDown(store)
    await server.start()
    await eventually(() => store.check())
    assert.deepEqual(await store.grants.find(grant.id), grant)
    await store.close()
    await assertStoreIsDown(store)
  })

  test('[R82] kill -9 of the service loses nothing that was answered, nor does a crash of the server', async () => {
    const options = { url: server.url, schema: newSchema() }
    const answers = [
      ...(await writeAndDie('postgres', options, 10)),
      ...(await writeAndDie('postgres', options, 60)),
    ]
    await server.stop('SIGQUIT')
    await server.start()
    const store = await open(options)
    await assertNothingLost(store, answers)
    assert.ok(answers.length >= 70)
    await store.close()
  })

  const refusal = async (opening: Promise<Store>, pattern: RegExp) => {
    await assert.rejects(opening, (error) => {
      assert.ok(error instanceof StartError, String(error))
      assert.match(error.message, pattern)
      assert.ok(!error.message.includes(postgresPassword), 'names the password')
      assert.ok(error.fix.length > 10)
      return true
    })
  }

  test('a wrong password or an unknown role is refused, with who asked where', async () => {
    const wrong = /does not let the user postgres in[\s\S]*Fix: correct user and password/
    await refusal(open({ url: urlWith({ password: 'wrong' }) }), wrong)
    await refusal(open({ url: urlWith({ username: 'nobody' }) }), /user nobody in/)
  })

  test('a `url` without the password that the server asks for is refused, with where to write it', async () => {
    await refusal(open({ url: urlWith({ password: '' }) }), /asks the user postgres for a password/)
  })

  test('a database that does not exist is refused, with how to make it', async () => {
    await refusal(open({ url: urlWith({ pathname: '/nothing' }) }), /no database.*\nFix: create it/)
  })

  test('a server that cannot be reached is refused, with what was tried', async () => {
    const host = `127.0.0.1:${await freePort()}`
    await refusal(open({ url: urlWith({ host }) }), new RegExp(`@${host}/.*nothing listens`))
    const nowhere = urlWith({ host: 'no-such-host.invalid:5432' })
    await refusal(open({ url: nowhere }), /host is not known/)
  })

  test('a certificate that is not trusted is refused, with how to name its authority', async (t) => {
    const certificate = createTestCertificate(['127.0.0.1'])
    const impostor = createServer((socket) => {
      socket.once('data', () => {
        socket.write('S')
        new TLSSocket(socket, { isServer: true, ...certificate }).on('error', () => {})
      })
    }).listen(0, '127.0.0.1')
    await once(impostor, 'listening')
    t.after(() => impostor.close())
    const { port } = impostor.address() as AddressInfo
    const url = `${urlWith({ host: `127.0.0.1:${port}` })}?sslmode=verify-full`
    await refusal(open({ url }), /certificate that is not trusted[\s\S]*sslrootcert/)
  })

  test('what is no PostgreSQL URL, no plain schema or too small a pool is refused before anything is tried', async () => {
    await refusal(open({ url: 'not a url' }), /is no postgresql: or postgres: URL/)
    await refusal(open({ url: 'redis://127.0.0.1' }), /is no postgresql: or postgres: URL/)
    await refusal(open({ schema: 'a"; drop' }), /is no plain name/)
    await refusal(open({ poolSize: 0 }), /at least 1/)
  })

  test('a user that may make no schema is refused, with what the owner must do', async () => {
    await admin.query("create role app login password 'app'")
    const url = urlWith({ username: 'app', password: 'app' })
    await refusal(
      open({ url, schema: 'theirs' }),
      /CREATE SCHEMA IF NOT EXISTS theirs AUTHORIZATION app/,
    )
    await admin.query('create schema theirs authorization app')
    const store = await open({ url, schema: 'theirs' })
    await store.check()
    await store.close()
  })

  test('a read-only server is refused', async () => {
    await admin.query('create database standby')
    await admin.query('alter database standby set default_transaction_read_only = on')
    await refusal(open({ url: urlWith({ pathname: '/standby' }) }), /is read-only/)
  })

  test('a store written by a newer version is refused and left as it is', async () => {
    const schema = newSchema()
    await (await open({ schema })).close()
    await admin.query(`insert into ${schema}.kysely_migration values ('9999_future', '2030')`)
    await refusal(open({ schema }), /newer version \(it has 9999_future\)/)
  })

  test('a server that may forget what it answered is named in a warning', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    await admin.query('create database hasty')
    await admin.query('alter database hasty set synchronous_commit = off')
    const store = await open({ url: urlWith({ pathname: '/hasty' }) })
    const { message } = await warned
    assert.match(message, /\/hasty has synchronous_commit = off/)
    assert.ok(!message.includes(postgresPassword))
    await store.close()
  })
})
