import assert from 'node:assert/strict'
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { sealLine } from '../../src/adapters/audit-file/chain.ts'
import { verifyAudit } from '../../src/adapters/audit-file/verify-audit.ts'
import { createFolder } from '../data-folder.ts'
import {
  copyLog,
  openTestAudit,
  otherSigner,
  proxied,
  readLinesOf,
  segmentFiles,
  signer,
  verifyTestAudit,
  writeLinesTo,
  writeLog,
} from './fixture.ts'

const options = { segmentBytes: 4000, checkpointRecords: 7 }

describe('a tampered audit log', () => {
  const folder = createFolder()
  const original = join(folder.dir, 'original')
  let copies = 0
  before(() => writeLog(original, 60, options))
  after(() => folder.remove())

  const copy = () => {
    const dir = join(folder.dir, `copy-${++copies}`)
    copyLog(original, dir)
    return dir
  }
  const fault = async (dir: string) => (await verifyTestAudit(dir)).fault

  test('is told from one that was not: several segments, checkpoints, and no fault', async () => {
    const report = await verifyTestAudit(original)
    assert.equal(report.fault, undefined)
    assert.equal(report.records, 60)
    assert.ok(report.segments >= 4)
    assert.ok(report.checkpoints >= 60 / 7)
    assert.equal(report.unsignedRecords, 0)
    assert.equal(report.unfinishedBytes, 0)
  })

  test('any flipped bit in any segment is found, and where it is', async () => {
    const dir = copy()
    const files = segmentFiles(dir)
    await fc.assert(
      fc.asyncProperty(
        fc.nat(files.length - 1),
        fc.double({ min: 0, max: 0.999999, noNaN: true }),
        fc.nat(7),
        async (index, place, bit) => {
          const file = files[index] as string
          const bytes = readFileSync(file)
          const at = Math.floor(place * bytes.length)
          const changed = Buffer.from(bytes)
          changed.writeUInt8(changed.readUInt8(at) ^ (1 << bit), at)
          writeFileSync(file, changed)
          const found = await fault(dir)
          writeFileSync(file, bytes)
          assert.ok(found, `byte ${at} of ${file}`)
          assert.equal(found.segment, index + 1)
          const line = bytes.subarray(0, at).filter((byte) => byte === 10).length + 1
          // A newline that is gone makes two lines one; at the very end it leaves the line unfinished.
          assert.ok(Math.abs(found.line - line) <= 1, `${found.line} for ${line}: ${found.problem}`)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('any dropped line is found', async () => {
    for (const [index, name] of segmentFiles(original).entries()) {
      const lines = readLinesOf(name)
      for (let drop = 0; drop < lines.length; drop++) {
        const dir = copy()
        writeLinesTo(segmentFiles(dir)[index] as string, lines.toSpliced(drop, 1))
        assert.ok(await fault(dir), `segment ${index + 1} without line ${drop + 1}`)
        rmSync(dir, { recursive: true })
      }
    }
  })

  test('any two lines that changed places are found', async () => {
    const lines = readLinesOf(segmentFiles(original)[1] as string)
    for (let first = 0; first + 1 < lines.length; first++) {
      const dir = copy()
      const swapped = lines
        .with(first, lines[first + 1] as string)
        .with(first + 1, lines[first] as string)
      writeLinesTo(segmentFiles(dir)[1] as string, swapped)
      const found = await fault(dir)
      assert.deepEqual([found?.segment, found?.line], [2, first + 1])
      rmSync(dir, { recursive: true })
    }
  })

  test('a repeated line is found', async () => {
    const dir = copy()
    const [file] = segmentFiles(dir) as [string]
    const lines = readLinesOf(file)
    writeLinesTo(file, lines.toSpliced(3, 0, lines[2] as string))
    assert.deepEqual(await fault(dir), {
      segment: 1,
      line: 4,
      problem: 'records are out of order: expected number 3, found 2',
    })
  })

  test('a cut at any length of the last segment is found', async () => {
    const last = segmentFiles(original).at(-1) as string
    const { size } = statSync(last)
    for (const length of [0, 1, 100, Math.floor(size / 2), size - 200, size - 2, size - 1]) {
      const dir = copy()
      truncateSync(segmentFiles(dir).at(-1) as string, length)
      assert.ok(await fault(dir), `${length} of ${size}`)
      rmSync(dir, { recursive: true })
    }
  })

  test('records cut from the end are counted', async () => {
    const dir = copy()
    const last = segmentFiles(dir).at(-1) as string
    const lines = readLinesOf(last)
    const records = lines.filter((line) => line.startsWith('{"seq":')).length
    writeLinesTo(last, lines.slice(0, 1))
    const { problem = '' } = (await fault(dir)) ?? {}
    assert.match(
      problem,
      new RegExp(`but had 60 when its head was signed at .*: ${records} removed`),
    )
  })

  test('any removed or renamed segment is found', async () => {
    for (const index of segmentFiles(original).keys()) {
      const dir = copy()
      rmSync(segmentFiles(dir)[index] as string)
      assert.ok(await fault(dir), `segment ${index + 1}`)
      rmSync(dir, { recursive: true })
    }
    const dir = copy()
    const files = segmentFiles(dir) as [string, string]
    const [first, second] = files.map((file) => readFileSync(file)) as [Buffer, Buffer]
    writeFileSync(files[0], second)
    writeFileSync(files[1], first)
    assert.match((await fault(dir))?.problem ?? '', /missing|not the segment it is named for/)
    for (const file of segmentFiles(dir)) rmSync(file)
    assert.match((await fault(dir))?.problem ?? '', /60 removed from the end/)
  })

  test('a log rewritten from some record on, hashes and all, is found by its signatures', async () => {
    const dir = copy()
    const file = segmentFiles(dir).at(-1) as string
    const lines = readLinesOf(file)
    let prev = (JSON.parse(lines[0] as string) as { hash: string }).hash
    const forged = lines.slice(1).map((line) => {
      const body = line
        .replace(/,"prev":"[^"]+","hash":"[^"]+"\}$/, '')
        .replace('"allowed"', '"denied_"')
      const sealed = sealLine(body, prev)
      prev = sealed.hash
      return sealed.text
    })
    writeLinesTo(file, [lines[0] as string, ...forged])
    assert.match(
      (await fault(dir))?.problem ?? '',
      /checkpoint does not describe the lines before it|differs here from its head/,
    )
  })

  test('records added to a closed log, hashes and all, are found', async () => {
    const dir = copy()
    const file = segmentFiles(dir).at(-1) as string
    const lines = readLinesOf(file)
    const { hash } = JSON.parse(lines.at(-1) as string) as { hash: string }
    writeLinesTo(file, [...lines, sealLine('{"seq":61,"event":"access_granted"', hash).text])
    assert.deepEqual(await fault(dir), {
      segment: segmentFiles(dir).length,
      line: lines.length + 1,
      problem: 'the line was added after the log was closed',
    })
  })

  test('a head that is missing, changed or signed by another key is found', async () => {
    const dir = copy()
    const file = join(dir, 'head.json')
    const head = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    for (const change of [{ closed: false }, { at: '2030-01-01T00:00:00.000Z' }, { sig: 'AAAA' }]) {
      writeFileSync(file, JSON.stringify({ ...head, ...change }))
      assert.match((await fault(dir))?.problem ?? '', /not signed by a known key/)
    }
    writeFileSync(file, '{}')
    assert.match((await fault(dir))?.problem ?? '', /missing or damaged/)
    rmSync(file)
    assert.match((await fault(dir))?.problem ?? '', /missing or damaged/)
    const stranger = { dir: original, publicKey: otherSigner.publicJwk() }
    assert.match((await verifyAudit(stranger)).fault?.problem ?? '', /not signed by a known key/)
    const both = { dir: original, publicKey: [otherSigner.publicJwk(), signer.publicJwk()] }
    assert.equal((await verifyAudit(both)).fault, undefined)
  })

  test('a segment put back to an older state of itself is found', async () => {
    const dir = join(folder.dir, 'segment-rollback')
    const audit = await openTestAudit(dir)
    audit.record(proxied('/1'))
    await audit.settled()
    const [file] = segmentFiles(dir) as [string]
    const older = readFileSync(file)
    audit.record(proxied('/2'))
    await audit.close()
    assert.equal(await fault(dir), undefined)
    writeFileSync(file, older)
    assert.match((await fault(dir))?.problem ?? '', /1 removed from the end/)
  })

  test('an older copy of the whole folder is found by a head kept elsewhere', async () => {
    const dir = join(folder.dir, 'folder-rollback')
    const older = join(folder.dir, 'folder-older')
    let anchored: string | undefined
    const anchor = {
      read: async () => anchored,
      save: async (head: string) => {
        anchored = head
      },
    }
    await writeLog(dir, 5, { anchor })
    copyLog(dir, older)
    await writeLog(dir, 5, { anchor })
    assert.equal((await verifyTestAudit(dir, [anchored ?? ''])).fault, undefined)
    assert.equal((await verifyTestAudit(older)).fault, undefined)
    const { fault: found } = await verifyTestAudit(older, [anchored ?? ''])
    assert.match(found?.problem ?? '', /ends here with record 5, but had 10/)
    await assert.rejects(
      openTestAudit(older, { anchor }),
      /is not there any more[\s\S]*Fix: see `sallyport audit verify`/,
    )
    rmSync(older, { recursive: true })
    await assert.rejects(openTestAudit(older, { anchor }), /its segment files are gone/)
  })
})
