import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { allChecks } from '../src/checks/all.ts'
import { rows } from '../src/rows/rows.ts'
import { run } from '../src/run/run.ts'
import { selectRows } from '../src/run/select.ts'
import type { Subject } from '../src/subject/subject.ts'
import { type Bench, findFault, openBench } from './bench.ts'
import { nineStepFaults } from './nine-step-faults.ts'

let bench: Bench
let primed: Subject

before(async () => {
  bench = await openBench()
  // The app whose person needs not go on to an OAuth server.
  bench.saboteur.appId = 'plain'
  primed = bench.subject('gateway', 'nine-step')
  await primed.client()
  await primed.nineStep()
})
after(() => bench.close())

/** What a server on loopback without TLS cannot show. */
const needTls = ['D2']

for (const mode of ['gateway', 'native'] as const)
  test(`an honest server in ${mode} mode passes every row of the nine steps`, async () => {
    const chosen = selectRows(rows, { mode, handshake: 'nine-step', only: [] })
    const subject = bench.subject(mode, 'nine-step')
    const options = { rows: chosen, checks: allChecks, expectedFailures: new Set<string>() }
    const bad: string[] = []
    for await (const { row, outcome, because } of run({ subject, ...options }))
      if (outcome !== 'passed' && !needTls.includes(row.id))
        bad.push(`${row.id} ${outcome}: ${because}`)
    assert.deepEqual(bad, [])
  })

describe('a server is caught in whose nine steps', () => {
  for (const fault of nineStepFaults)
    test(fault.name, async () => {
      const subject = fault.fresh ? bench.subject('gateway', 'nine-step') : primed
      await findFault(bench.saboteur, subject, fault)
    })
})
