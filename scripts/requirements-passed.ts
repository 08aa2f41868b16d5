import { existsSync, readFileSync } from 'node:fs'
import { tagsOf } from './requirement-tests.ts'
import type { Requirement } from './requirement.ts'
import { requirements } from './requirements.ts'
import type { TestResult } from './test-results.ts'
import { inRoot } from './workspace.ts'

/** Requirements that the last full test run did not prove: no test with their id ran, or one did not pass. */
export function unproved(
  rows: readonly Requirement[],
  results: readonly TestResult[],
): readonly string[] {
  return rows.flatMap(({ id, untestable }) => {
    if (untestable !== undefined) return []
    const own = results.filter(({ name }) => tagsOf(name).includes(id))
    if (own.length === 0) return [`${id}: no test ran`]
    return own
      .filter(({ status }) => status !== 'passed')
      .map(({ status, file, name }) => `${id}: ${status}: ${file}: ${name}`)
  })
}

function main(): number {
  const report = inRoot('.test-report/results.jsonl')
  if (!existsSync(report)) {
    process.stderr.write('requirements: there is no report of a full test run. Fix: npm test\n')
    return 1
  }
  const results = readFileSync(report, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TestResult)
  const faults = unproved(requirements, results)
  for (const fault of faults) process.stdout.write(`requirements: ${fault}\n`)
  const failed = new Set(faults.map((fault) => fault.split(':')[0])).size
  process.stdout.write(
    `requirements: ${requirements.length - failed} of ${requirements.length} proved by tests that ran\n`,
  )
  return failed === 0 ? 0 : 1
}

if (import.meta.main) process.exitCode = main()
