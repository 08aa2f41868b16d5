import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { allChecks } from '../src/checks/all.ts'
import { rows } from '../src/rows/rows.ts'
import { run } from '../src/run/run.ts'
import { selectRows } from '../src/run/select.ts'
import type { Mode } from '../src/subject/settings.ts'
import type { Subject } from '../src/subject/subject.ts'
import { type Bench, findFault, openBench, prime } from './bench.ts'
import { twoPhaseFaults } from './faults.ts'

let bench: Bench
const primed = new Map<Mode, Subject>()

before(async () => {
  bench = await openBench()
  for (const mode of ['gateway', 'native'] as const)
    primed.set(mode, await prime(bench.subject(mode)))
})
after(() => bench.close())

/** What a server on loopback without TLS cannot show. */
const needTls = ['R114']

for (const mode of ['gateway', 'native'] as const)
  test(`an honest server in ${mode} mode passes every row`, async () => {
    const chosen = selectRows(rows, { mode, handshake: 'two-phase', only: [] })
    const options = { rows: chosen, checks: allChecks, expectedFailures: new Set<string>() }
    const bad: string[] = []
    for await (const { row, outcome, because } of run({ subject: bench.subject(mode), ...options }))
      if (outcome !== 'passed' && !needTls.includes(row.id))
        bad.push(`${row.id} ${outcome}: ${because}`)
    assert.deepEqual(bad, [])
  })

describe('a server is caught in which', () => {
  for (const fault of twoPhaseFaults)
    test(fault.name, async () => {
      const mode = fault.mode ?? 'gateway'
      const shared = primed.get(mode)
      const subject = fault.fresh || !shared ? bench.subject(mode) : shared
      await findFault(bench.saboteur, subject, fault)
    })
})
