import assert from 'node:assert/strict'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createVirtualClock, testEpoch } from '@sallyport/testing'
import { type AuditFilter, parseAuditFilter } from '../../src/adapters/audit-file/filter.ts'
import type { AuditRecord } from '../../src/adapters/audit-file/record.ts'
import { tailAudit } from '../../src/adapters/audit-file/tail-audit.ts'
import { createFolder } from '../data-folder.ts'
import { openTestAudit, proxied, readAll, segmentFiles } from './fixture.ts'

const filter = (text: string): AuditFilter => {
  const parsed = parseAuditFilter(text)
  assert.ok(parsed.ok, text)
  return parsed.value
}

describe('questions to the audit log', () => {
  const folder = createFolder()
  const dir = join(folder.dir, 'audit')
  before(async () => {
    const clock = createVirtualClock()
    const audit = await openTestAudit(dir, { clock, segmentBytes: 3000 })
    for (let count = 1; count <= 50; count++) {
      clock.set(testEpoch + count)
      audit.record(
        count % 10 === 0
          ? {
              event: 'access_denied',
              outcome: 'denied',
              user_id: 'usr_wang',
              denied_scopes: ['oa:write', 'oa:admin'],
              evidence: { step: { name: 'token', tries: count } },
            }
          : proxied(`/page ${count}`),
      )
      await audit.settled()
    }
    await audit.close()
    assert.ok(segmentFiles(dir).length > 3)
  })
  after(() => folder.remove())

  const found = async (query: Parameters<typeof readAll>[1]) =>
    (await readAll(dir, query)).map(({ seq }) => seq)

  test('filters by fields, lists, evidence and absence', async () => {
    assert.deepEqual(await found({ filter: filter('event=access_denied') }), [10, 20, 30, 40, 50])
    assert.deepEqual(
      await found({ filter: filter('denied_scopes=oa:admin and seq!=20') }),
      [10, 30, 40, 50],
    )
    assert.deepEqual(await found({ filter: filter('evidence.step.tries=30') }), [30])
    assert.deepEqual(await found({ filter: filter('path="/page 7"') }), [7])
    assert.equal((await found({ filter: filter('user_id!=usr_wang') })).length, 45)
    assert.deepEqual(await found({ filter: filter('no_such_field=1') }), [])
    assert.deepEqual(await found({ filter: filter('constructor=Object') }), [])
    assert.equal((await found({ filter: filter(' ') })).length, 50)
  })

  test('filters by time: the start is included, the end is not', async () => {
    assert.deepEqual(await found({ since: testEpoch + 48 }), [48, 49, 50])
    assert.deepEqual(await found({ until: testEpoch + 3 }), [1, 2])
    assert.deepEqual(await found({ since: testEpoch + 20, until: testEpoch + 22 }), [20, 21])
    assert.deepEqual(await found({ since: testEpoch + 90 }), [])
    for (let start = 1; start <= 50; start++)
      assert.equal((await found({ since: testEpoch + start }))[0], start)
  })

  test('stops at the limit, the oldest first', async () => {
    assert.deepEqual(await found({ limit: 3 }), [1, 2, 3])
    assert.deepEqual(await found({ limit: 0 }), [])
    assert.deepEqual(await found({ filter: filter('event=access_denied'), limit: 2 }), [10, 20])
  })

  test('a folder without a log has no records', async () => {
    assert.deepEqual(await readAll(join(folder.dir, 'nothing')), [])
  })

  test('the tail is the latest records, across segments, filtered or not', async () => {
    const tail = async (count: number, text = '') => {
      const seqs: number[] = []
      for await (const { seq } of tailAudit({ dir, count, filter: filter(text) })) seqs.push(seq)
      return seqs
    }
    assert.deepEqual(await tail(3), [48, 49, 50])
    assert.deepEqual(await tail(3, 'event=access_denied'), [30, 40, 50])
    assert.equal((await tail(40)).length, 40)
    assert.equal((await tail(1000)).length, 50)
    assert.deepEqual(await tail(0), [])
  })

  test('following shows each record once as it is written, across rotations, until it is told to stop', async () => {
    const live = join(folder.dir, 'live')
    const audit = await openTestAudit(live, { segmentBytes: 2000 })
    audit.record(proxied('/1'))
    audit.record(proxied('/2'))
    await audit.settled()
    const stop = new AbortController()
    const seen: AuditRecord[] = []
    const signal = stop.signal
    for await (const record of tailAudit({ dir: live, count: 1, follow: true, signal })) {
      seen.push(record)
      if (record.seq === 15) stop.abort()
      else if (record.seq >= 2) {
        audit.record(proxied(`/${record.seq + 1}`))
        await audit.settled()
      }
    }
    await audit.close()
    assert.deepEqual(
      seen.map(({ seq }) => seq),
      Array.from({ length: 14 }, (_, index) => index + 2),
    )
    // A line that is not finished yet is not shown.
    appendFileSync(segmentFiles(live).at(-1) as string, '{"seq":16,"half')
    const shown: number[] = []
    for await (const { seq } of tailAudit({ dir: live, count: 1 })) shown.push(seq)
    assert.deepEqual(shown, [15])
  })
})

test('a filter that cannot be read says where', () => {
  for (const [text, at] of [
    ['event', 'event'],
    ['event=a or user=b', 'event=a or user=b'],
    ['event=a and', 'event=a and'],
    ['event=a user=b', 'event=a user=b'],
    ['event=a and user', 'user'],
    ['event="a', 'event="a'],
    ['=a', '=a'],
  ] as const) {
    const parsed = parseAuditFilter(text)
    assert.ok(!parsed.ok, text)
    assert.ok(parsed.error.startsWith(`cannot read the filter at \`${at}\``), parsed.error)
  }
  assert.deepEqual(parseAuditFilter('a="x \\"y\\" and z" AND b.c!=d'), {
    ok: true,
    value: [
      { key: 'a', equal: true, value: 'x "y" and z' },
      { key: 'b.c', equal: false, value: 'd' },
    ],
  })
})
