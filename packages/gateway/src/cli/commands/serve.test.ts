import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { jsonAnswer } from '@ath-protocol/server'
import type { Composition } from '../composition.ts'
import { run } from '../run.ts'
import type { Terminal } from '../terminal.ts'

type Signal = Parameters<Parameters<Terminal['onSignal']>[0]>[0]

/** Runs `sallyport dev` on a gateway whose opening and draining the test decides. */
function serve(t: TestContext, gateway: Partial<Composition> & { drain?: () => Promise<void> }) {
  const cwd = mkdtempSync(join(tmpdir(), 'sp-'))
  t.after(() => rmSync(cwd, { recursive: true, force: true }))
  const ready = Promise.withResolvers<void>()
  const exited = Promise.withResolvers<number>()
  let send: (signal: Signal) => void = () => assert.fail('nobody listens for signals')
  let said = ''
  const terminal: Terminal = {
    out: () => undefined,
    err: (text) => {
      said += text
      if (text.includes('ready in')) ready.resolve()
    },
    env: {},
    cwd,
    hasColour: false,
    userName: 'chen',
    onSignal(handle) {
      send = handle
      return () => undefined
    },
    exit: exited.resolve,
  }
  const composition: Composition = {
    openGateway: async (config) => ({
      url: config.ath.baseUrl,
      adminApi: async () => jsonAnswer(200, {}),
      drain: gateway.drain ?? (async () => undefined),
    }),
    openOffline: () => assert.fail('the store is not opened here'),
    openAuditReader: () => assert.fail('no audit is read here'),
    ...gateway,
  }
  const status = run(['dev', '--port', '7099'], terminal, async () => composition)
  return {
    status,
    ready: ready.promise,
    exited: exited.promise,
    send: (s: Signal) => send(s),
    said: () => said,
  }
}

test('the first signal drains once, and the command ends well when that is done', async (t) => {
  let drained = 0
  const served = serve(t, {
    drain: async () => {
      drained++
    },
  })
  await served.ready
  served.send('SIGTERM')
  assert.equal(await served.status, 0)
  assert.equal(drained, 1)
  assert.match(served.said(), /SIGTERM: running requests may finish within 30 s/)
})

test('a second signal ends the process at once', async (t) => {
  const draining = Promise.withResolvers<void>()
  const served = serve(t, { drain: () => draining.promise })
  await served.ready
  served.send('SIGINT')
  served.send('SIGINT')
  assert.equal(await served.exited, 130)
  draining.resolve()
  await served.status
})

const failures: readonly (readonly [error: object, said: RegExp])[] = [
  [{ code: 'EACCES' }, /port 7099 is not permitted[^]*fix {4}use a port above 1023/],
  [{ code: 'EADDRNOTAVAIL' }, /127\.0\.0\.1 is no address of this machine/],
  [
    Object.assign(new Error('the key file is damaged\nFix: restore it'), { fix: 'restore it' }),
    /^error {2}the key file is damaged\ntried {2}sallyport dev\nfix {4}restore it\n$/,
  ],
]

for (const [error, said] of failures)
  test(`a gateway that cannot open says why: ${said.source.slice(0, 40)}`, async (t) => {
    const served = serve(t, { openGateway: () => Promise.reject(error) })
    assert.equal(await served.status, 1)
    assert.match(served.said(), said)
  })

test('dev tries ten ports and then gives up with the fix', async (t) => {
  const tried: number[] = []
  const served = serve(t, {
    openGateway: async (config) => {
      tried.push(config.listen.port)
      throw Object.assign(new Error('taken'), { code: 'EADDRINUSE' })
    },
  })
  assert.equal(await served.status, 1)
  assert.deepEqual(
    tried,
    Array.from({ length: 10 }, (_, more) => 7099 + more),
  )
  assert.match(served.said(), /port 7108 on 127\.0\.0\.1 is taken/)
})
