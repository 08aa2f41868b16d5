import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type AthCall, jsonAnswer } from '@ath-protocol/server'
import type { AdminApi } from './api.ts'
import { adminSocketPath, DataDirInUse, openAdminSocket, overSocket } from './socket.ts'

function dataDir(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-admin-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

const call = (over: Partial<AthCall> = {}): AthCall => ({
  method: 'GET',
  path: '/status',
  query: new URLSearchParams(),
  headers: { 'x-operator': 'chen' },
  body: new Uint8Array(),
  ip: 'local',
  ...over,
})

const echo: AdminApi = async ({ method, path, query, headers, body }) =>
  jsonAnswer(200, {
    method,
    path,
    query: [...query],
    operator: headers['x-operator'],
    body: Buffer.from(body).toString(),
  })

async function opened(t: TestContext, dir: string, api: AdminApi = echo) {
  const failures: unknown[] = []
  const socket = await openAdminSocket(dir, api, (cause) => failures.push(cause))
  t.after(() => socket.close())
  return failures
}

test('a call arrives over the socket as it was made', async (t) => {
  const dir = dataDir(t)
  await opened(t, dir)
  const answer = await overSocket(dir)(
    call({
      method: 'POST',
      path: '/agents/https%3A%2F%2Fa.example%2Fx/approve',
      query: new URLSearchParams({ a: 'b c' }),
      body: Buffer.from('{"scopes":["oa:read"]}'),
    }),
  )
  assert.equal(answer.status, 200)
  assert.deepEqual(JSON.parse(answer.body), {
    method: 'POST',
    path: '/agents/https%3A%2F%2Fa.example%2Fx/approve',
    query: [['a', 'b c']],
    operator: 'chen',
    body: '{"scopes":["oa:read"]}',
  })
})

test('only the user that runs the gateway can open the socket', async (t) => {
  const dir = join(dataDir(t), 'data')
  await opened(t, dir)
  assert.equal(statSync(dir).mode & 0o777, 0o700)
  assert.equal(statSync(adminSocketPath(dir)).mode & 0o777, 0o600)
})

test('two gateways do not share a data folder', async (t) => {
  const dir = dataDir(t)
  await opened(t, dir)
  await assert.rejects(
    openAdminSocket(dir, echo, () => undefined),
    DataDirInUse,
  )
  assert.equal((await overSocket(dir)(call())).status, 200)
})

test('a socket that a crash left behind is replaced', async (t) => {
  const dir = dataDir(t)
  const script = `require('node:net').createServer().listen(process.argv[1], () => console.log('up'))`
  const crashed = spawn(process.execPath, ['-e', script, adminSocketPath(dir)])
  await once(crashed.stdout, 'data')
  crashed.kill('SIGKILL')
  await once(crashed, 'exit')
  assert.ok(existsSync(adminSocketPath(dir)))
  await opened(t, dir)
  assert.equal((await overSocket(dir)(call())).status, 200)
})

test('without a gateway the call fails with the error of the socket', async (t) => {
  const dir = dataDir(t)
  await assert.rejects(overSocket(dir)(call()), { code: 'ENOENT' })
})

test('a closed socket is gone', async (t) => {
  const dir = dataDir(t)
  const socket = await openAdminSocket(dir, echo, () => undefined)
  await socket.close()
  assert.equal(existsSync(adminSocketPath(dir)), false)
})

test('a request that is too long is refused, and a failure is told to the log, not to the caller', async (t) => {
  const dir = dataDir(t)
  const failures = await opened(t, dir, async ({ path }) => {
    if (path === '/bug') throw new Error('the password is hunter2')
    return jsonAnswer(200, {})
  })
  const long = await overSocket(dir)(call({ method: 'POST', body: Buffer.alloc(70_000, 'x') }))
  assert.equal(long.status, 413)
  const failed = await overSocket(dir)(call({ path: '/bug' }))
  assert.equal(failed.status, 500)
  assert.doesNotMatch(failed.body, /hunter2/)
  assert.match(String(failures[0]), /hunter2/)
})

test('a data folder whose socket path the kernel would not take is refused in words', async (t) => {
  const dir = join(dataDir(t), 'x'.repeat(100))
  await assert.rejects(
    openAdminSocket(dir, echo, () => undefined),
    /over 107 bytes/,
  )
})
