import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { AuditEventName } from '@ath-protocol/server'
import { createVirtualClock, testEpoch } from '@sallyport/testing'
import { verifyAudit } from '../../src/adapters/audit-file/verify-audit.ts'
import { StartError } from '@ath-protocol/server/parts'
import { createFolder } from '../data-folder.ts'
import {
  copyLog,
  openTestAudit,
  otherSigner,
  proxied,
  readAll,
  readLinesOf,
  segmentFiles,
  signer,
  signerOf,
  verifyTestAudit,
  writeLog,
} from './fixture.ts'

describe('the audit log', () => {
  let folder = createFolder()
  beforeEach(() => {
    folder = createFolder()
  })
  afterEach(() => folder.remove())
  const dir = () => join(folder.dir, 'audit')
  const lastFile = () => segmentFiles(dir()).at(-1) as string

  test('[R116] holds time, event, agent, user, provider, scopes asked, given and denied, and the reason', async () => {
    const audit = await openTestAudit(dir(), { clock: createVirtualClock(testEpoch + 0.123) })
    const event = {
      event: 'access_denied',
      outcome: 'denied',
      agent_id: 'https://agent.example/agent.json',
      user_id: 'usr_wang',
      provider_id: 'oa',
      requested_scopes: ['oa:read', 'oa:write'],
      effective_scopes: ['oa:read'],
      denied_scopes: ['oa:write'],
      denial_reason: 'scope_not_approved_for_agent',
    } as const
    const id = audit.record(event)
    await audit.settled()
    const [record] = await readAll(dir())
    const { prev, hash, ...rest } = record ?? {}
    assert.deepEqual(rest, { seq: 1, id, timestamp: '2026-11-22T00:00:00.123Z', ...event })
    assert.match(`${prev} ${hash}`, /^[\w-]{43} [\w-]{43}$/)
    await audit.close()
  })

  test("[R117] keeps the protocol's nine event names as they are", async () => {
    const names: readonly AuditEventName[] = [
      'agent_registered',
      'agent_registration_denied',
      'attestation_failed',
      'authorization_started',
      'access_granted',
      'access_denied',
      'token_revoked',
      'proxy_request',
      'scope_violation',
    ]
    const audit = await openTestAudit(dir())
    for (const event of names) audit.record({ event, outcome: 'allowed' })
    await audit.close()
    assert.deepEqual(
      (await readAll(dir())).map(({ event }) => event),
      names,
    )
  })

  test('is readable for its owner only', async () => {
    await writeLog(dir(), 1)
    assert.equal(statSync(dir()).mode & 0o777, 0o700)
    for (const name of readdirSync(dir()).filter((name) => name !== 'lock'))
      assert.equal(statSync(join(dir(), name)).mode & 0o777, 0o600, name)
  })

  test('ids sort by time and are unique, also within a millisecond and when the clock steps back', async () => {
    const clock = createVirtualClock()
    const audit = await openTestAudit(dir(), { clock })
    const ids: string[] = []
    for (let count = 0; count < 40_000; count++) {
      if (count % 10_000 === 5000) clock.advance(count > 20_000 ? -3600 : 0.001)
      ids.push(audit.record({ event: 'proxy_request', outcome: 'allowed' }))
    }
    await audit.close()
    assert.equal(new Set(ids).size, ids.length)
    assert.deepEqual(ids, ids.toSorted())
    for (const id of ids) assert.match(id, /^evt_[0-9a-z]{21}$/)
    assert.equal((await verifyTestAudit(dir())).fault, undefined)
  })

  test('what settled is on disk, signed, and seen by a verifier in the middle of the run', async () => {
    const audit = await openTestAudit(dir())
    for (let count = 1; count <= 20; count++) {
      audit.record(proxied(`/${count}`))
      await audit.settled()
      const report = await verifyTestAudit(dir())
      assert.deepEqual(
        [report.fault, report.records, report.unsignedRecords],
        [undefined, count, 0],
      )
    }
    await audit.close()
  })

  for (const durability of ['batched', 'always'] as const)
    test(`records reach the disk by themselves (${durability})`, async () => {
      const audit = await openTestAudit(dir(), { durability })
      audit.record(proxied('/1'))
      const deadline = Date.now() + 5000
      for (;;) {
        const report = await verifyTestAudit(dir())
        assert.equal(report.fault, undefined)
        if (report.records === 1 && report.unsignedRecords === 0) break
        assert.ok(Date.now() < deadline)
        await new Promise((resolve) => setImmediate(resolve))
      }
      await audit.close()
    })

  test('a verifier beside a busy writer never sees a fault, across rotations and restarts', async () => {
    let audit = await openTestAudit(dir(), { segmentBytes: 20_000, checkpointRecords: 30 })
    let reports = 0
    let writing = true
    const verifying = (async () => {
      while (writing) {
        const { fault } = await verifyTestAudit(dir())
        assert.equal(fault, undefined)
        reports++
      }
    })()
    for (let count = 1; count <= 300; count++) {
      for (let burst = 0; burst < 5; burst++) audit.record(proxied(`/${count}/${burst}`))
      if (count % 3 === 0) await audit.settled()
      if (count % 100 === 0) {
        await audit.close()
        audit = await openTestAudit(dir(), { segmentBytes: 20_000, checkpointRecords: 30 })
      }
    }
    await audit.close()
    writing = false
    await verifying
    assert.ok(reports > 0)
    const report = await verifyTestAudit(dir())
    assert.equal(report.records, 1500)
    assert.ok(report.segments > 10)
  })

  test('checkpoints come after so many records, after so many seconds with records, and at the end', async () => {
    const clock = createVirtualClock()
    const audit = await openTestAudit(dir(), { clock, checkpointRecords: 10 })
    const checkpoints = async () => {
      await audit.settled()
      return (await verifyTestAudit(dir())).checkpoints
    }
    for (let count = 0; count < 9; count++) audit.record(proxied('/'))
    assert.equal(await checkpoints(), 0)
    audit.record(proxied('/'))
    assert.equal(await checkpoints(), 1)
    clock.advance(11)
    assert.equal(await checkpoints(), 1)
    audit.record(proxied('/'))
    assert.equal(await checkpoints(), 2)
    audit.record(proxied('/'))
    await audit.close()
    assert.equal((await verifyTestAudit(dir())).checkpoints, 3)
  })

  test('goes on after a restart where it stopped, and records nothing about an orderly stop', async () => {
    await writeLog(dir(), 3)
    await writeLog(dir(), 3)
    const records = await readAll(dir())
    assert.deepEqual(
      records.map(({ seq }) => seq),
      [1, 2, 3, 4, 5, 6],
    )
    assert.equal((await verifyTestAudit(dir())).fault, undefined)
  })

  /** The folder as a kill leaves it: everything so far settled, nobody said that it was closed. */
  const crash = async () => {
    const audit = await openTestAudit(dir())
    audit.record(proxied('/1'))
    audit.record(proxied('/2'))
    await audit.settled()
    const crashed = join(folder.dir, 'crashed')
    copyLog(dir(), crashed)
    audit.record(proxied('/3'))
    await audit.close()
    const third = readLinesOf(lastFile()).find((line) => line.includes('"/3"')) as string
    return { crashed, segment: join(crashed, '000001.jsonl'), third }
  }
  const recovery = async (crashed: string) => {
    await (await openTestAudit(crashed)).close()
    assert.equal((await verifyTestAudit(crashed)).fault, undefined)
    const records = await readAll(crashed)
    const last = records.at(-1)
    assert.equal(last?.event, 'audit_recovered')
    return { kept: records.length - 1, evidence: last.evidence }
  }

  test('a torn last line is cut after a kill, and that it was is recorded', async () => {
    const { crashed, segment, third } = await crash()
    appendFileSync(segment, third.slice(0, 100))
    const before = await verifyTestAudit(crashed)
    assert.deepEqual([before.fault, before.unfinishedBytes], [undefined, 100])
    assert.deepEqual(await recovery(crashed), {
      kept: 2,
      evidence: { segment: 1, cut_bytes: 100, unsigned_records: 0 },
    })
  })

  test('whole records behind the last signature are kept after a kill, and counted as unsigned', async () => {
    const { crashed, segment, third } = await crash()
    appendFileSync(segment, `${third}\n`)
    assert.equal((await verifyTestAudit(crashed)).unsignedRecords, 1)
    assert.deepEqual(await recovery(crashed), {
      kept: 3,
      evidence: { segment: 1, cut_bytes: 0, unsigned_records: 1 },
    })
  })

  test('what a power cut scrambled behind the last signature is cut, and what was wrong is recorded', async () => {
    const { crashed, segment, third } = await crash()
    appendFileSync(segment, `${third.replace('/3', '/4')}\n\0\0\0\0\n`)
    assert.deepEqual(await recovery(crashed), {
      kept: 2,
      evidence: {
        segment: 1,
        cut_bytes: third.length + 6,
        unsigned_records: 0,
        problem: 'the line was changed: its hash does not match it',
      },
    })
  })

  test('a kill before the first line, or in the middle of it, leaves a log that begins', async () => {
    const { crashed, segment } = await crash()
    const header = readLinesOf(segment)[0] as string
    for (const text of ['', header.slice(0, 50), header, `${header}\n`]) {
      rmSync(join(crashed, 'head.json'), { force: true })
      writeFileSync(segment, text)
      const { kept, evidence } = await recovery(crashed)
      assert.equal(kept, 0)
      assert.equal(evidence?.['head'], 'missing')
    }
  })

  test('a kill between two segments leaves a log that goes on', async () => {
    const { crashed } = await crash()
    writeFileSync(join(crashed, '000002.jsonl'), '')
    assert.equal((await verifyTestAudit(crashed)).fault, undefined)
    const { kept, evidence } = await recovery(crashed)
    assert.deepEqual([kept, evidence?.['segment']], [2, 2])
  })

  test('a log that another gateway writes is refused, with what to do', async () => {
    const audit = await openTestAudit(dir())
    await assert.rejects(openTestAudit(dir()), (error) => {
      assert.ok(error instanceof StartError)
      assert.match(error.message, /another gateway writes the audit log .*\nFix: stop it/)
      return true
    })
    audit.record(proxied('/1'))
    await audit.close()
    await (await openTestAudit(dir())).close()
  })

  test('a log that was changed, cut or signed by another key is not continued', async () => {
    await writeLog(dir(), 3)
    await assert.rejects(openTestAudit(dir(), { signer: otherSigner }), /signed by an unknown key/)
    const { size } = statSync(lastFile())
    truncateSync(lastFile(), size - 1)
    await assert.rejects(
      openTestAudit(dir()),
      /changed from outside[\s\S]*Fix: see `sallyport audit/,
    )
    appendFileSync(lastFile(), '\n')
    await (
      await openTestAudit(dir(), { signer: otherSigner, formerKeys: [signer.publicJwk()] })
    ).close()
  })

  test('closing twice is closing once, and later records are refused', async () => {
    const audit = await openTestAudit(dir())
    audit.record(proxied('/1'))
    await Promise.all([audit.close(), audit.close()])
    assert.throws(() => audit.record(proxied('/2')), /closed/)
    assert.equal((await readAll(dir())).length, 1)
  })

  test('an event too large for a line loses its evidence, and the log stays whole', async () => {
    const audit = await openTestAudit(dir())
    audit.record({ ...proxied('/1'), evidence: { text: 'x'.repeat(300_000) } })
    assert.throws(() => audit.record(proxied('x'.repeat(300_000))), /too large/)
    audit.record(proxied('/2'))
    await audit.close()
    assert.equal((await verifyTestAudit(dir())).fault, undefined)
    const [first, second] = await readAll(dir())
    assert.deepEqual(Object.keys(first?.evidence ?? {}), ['omitted_characters'])
    assert.equal(second?.seq, 2)
  })

  test('when a segment cannot be begun, everything that follows is refused: fail closed', async () => {
    const audit = await openTestAudit(dir(), { segmentBytes: 2000 })
    audit.record(proxied('/1'))
    await audit.settled()
    assert.equal(audit.broken(), undefined)
    rmSync(dir(), { recursive: true })
    for (let count = 0; count < 10; count++) audit.record(proxied('/2'))
    await assert.rejects(audit.settled(), { code: 'ENOENT' })
    assert.match(String(audit.broken()), /cannot be written/)
    assert.throws(() => audit.record(proxied('/3')), /cannot be written/)
    await assert.rejects(audit.settled(), /cannot be written/)
    await assert.rejects(audit.close(), /cannot be written/)
  })

  test('when the disk takes no more, everything that follows is refused; with room again the log goes on', async () => {
    const child = join(import.meta.dirname, 'full-disk.child.ts')
    const keysDir = join(folder.dir, 'keys')
    // The shell lets no file grow beyond 32 KiB: writes then fail like those to a full disk.
    const { stdout, stderr, status } = spawnSync(
      'bash',
      [
        '-c',
        'ulimit -f 32; exec "$0" --conditions=sallyport-source "$@"',
        process.execPath,
        child,
        dir(),
        keysDir,
      ],
      { encoding: 'utf8' },
    )
    assert.equal(status, 0, stderr)
    assert.deepEqual(JSON.parse(stdout), {
      refusedAfter: true,
      code: 'EFBIG',
      settledRejects: true,
    })
    const owner = signerOf(keysDir)
    await (await openTestAudit(dir(), { signer: owner })).close()
    const report = await verifyAudit({ dir: dir(), publicKey: owner.publicJwk() })
    assert.equal(report.fault, undefined)
    assert.ok(report.records > 50)
    assert.equal((await readAll(dir())).at(-1)?.event, 'audit_recovered')
  })
})
