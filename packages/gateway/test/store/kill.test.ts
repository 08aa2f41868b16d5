import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, test } from 'node:test'
import { testEpoch } from '@sallyport/testing'
import { openAudit } from '../../src/adapters/audit-file/open-audit.ts'
import { queryAudit } from '../../src/adapters/audit-file/query-audit.ts'
import { verifyAudit } from '../../src/adapters/audit-file/verify-audit.ts'
import { openKeys, openStore, systemClock, systemRandom } from '@ath-protocol/server/parts'
import { createFolder } from '../data-folder.ts'

interface Answer {
  readonly ready?: true
  readonly handshake: string
  readonly token: string
  readonly grantId: string
  readonly record: string
}

const childFile = join(import.meta.dirname, 'child.ts')

function start(dir: string, task: 'open' | 'answer'): { child: ChildProcess; answers: Answer[] } {
  const child = spawn(process.execPath, ['--conditions=sallyport-source', childFile, dir, task], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const answers: Answer[] = []
  if (child.stdout)
    createInterface({ input: child.stdout }).on('line', (line) => {
      // A line that the kill cut off was not answered.
      if (line.endsWith('}')) answers.push(JSON.parse(line) as Answer)
      child.emit('answer', answers.length)
    })
  return { child, answers }
}

/** Kills the process once it gave so many answers, and a random moment later. */
async function runAndKill(dir: string, after: number): Promise<readonly Answer[]> {
  const { child, answers } = start(dir, 'answer')
  const closed = once(child, 'close')
  while (answers.length < after && child.exitCode === null) await once(child, 'answer')
  setTimeout(() => child.kill('SIGKILL'), Math.random() * 15)
  const [, signal] = (await closed) as [number | null, string | null]
  assert.equal(signal, 'SIGKILL')
  return answers.filter(({ ready }) => !ready)
}

describe('kill -9', () => {
  test('[R82] loses nothing that was answered, and the audit chain verifies and goes on after each', async () => {
    const { dir, remove } = createFolder()
    try {
      const answered: Answer[] = []
      for (const after of [2, 15, 40, 90]) {
        answered.push(...(await runAndKill(dir, after)))
        const storeFile = join(dir, 'store.db')
        const keys = openKeys({
          dir: join(dir, 'keys'),
          protects: [storeFile],
          clock: systemClock,
          random: systemRandom,
        })
        const store = await openStore({ file: storeFile, seal: keys.seal, random: systemRandom })
        const signer = keys.signer('audit')
        const auditDir = join(dir, 'audit')
        const knownHeads = [await store.auditAnchor.read()].filter((head) => head !== undefined)
        const verify = () =>
          verifyAudit({ dir: auditDir, publicKey: signer.publicJwk(), knownHeads })
        assert.equal((await verify()).fault, undefined)

        for (const { handshake, token, grantId } of answered) {
          assert.equal((await store.handshakes.find(handshake))?.state, 'spent')
          assert.equal(await store.handshakes.advance(handshake, 'spend', testEpoch), undefined)
          assert.ok(await store.tokens.find(token))
          assert.equal((await store.providerTokens.find(grantId))?.accessToken, grantId)
        }
        const recorded = new Set<string>()
        for await (const { id } of queryAudit({ dir: auditDir })) recorded.add(id)
        for (const { record } of answered) assert.ok(recorded.has(record), record)

        const audit = await openAudit({
          dir: auditDir,
          signer,
          clock: systemClock,
          random: systemRandom,
          segmentBytes: 20_000,
          durability: 'batched',
          anchor: store.auditAnchor,
        })
        await audit.close()
        await store.close()
        const report = await verify()
        assert.equal(report.fault, undefined)
        assert.equal(report.unsignedRecords, 0)
        assert.equal(report.unfinishedBytes, 0)
      }
      const recoveries = []
      const filter = [{ key: 'event', equal: true, value: 'audit_recovered' }]
      for await (const record of queryAudit({ dir: join(dir, 'audit'), filter }))
        recoveries.push(record)
      assert.equal(recoveries.length, 4)
      assert.ok(answered.length >= 140)
    } finally {
      remove()
    }
  })

  test('two gateways that start together on a new folder both find the same keys and a whole store', async () => {
    const { dir, remove } = createFolder()
    try {
      const started = [start(dir, 'open'), start(dir, 'open'), start(dir, 'open')]
      const codes = await Promise.all(started.map(({ child }) => once(child, 'close')))
      assert.deepEqual(
        codes.map(([code]) => code),
        [0, 0, 0],
      )
    } finally {
      remove()
    }
  })
})
