import type { Check } from '../check/check.ts'
import type { Verdict } from '../check/verdict.ts'
import type { Row } from '../rows/row.ts'
import type { Subject } from '../subject/subject.ts'
import type { Finding, Outcome } from './finding.ts'

export interface RunOptions {
  readonly subject: Subject
  readonly rows: readonly Row[]
  readonly checks: readonly Check[]
  /** Ids of rows that are known to fail. */
  readonly expectedFailures: ReadonlySet<string>
}

/** Asks each check that the rows name once, one after the other, in the order of the rows. */
export async function* run({
  subject,
  rows,
  checks,
  expectedFailures,
}: RunOptions): AsyncGenerator<Finding> {
  const asked = new Map<string, Omit<Finding, 'row' | 'outcome'> & { readonly verdict: Verdict }>()
  for (const row of rows) {
    if (!('check' in row.seen)) continue
    const { check: id } = row.seen
    let answer = asked.get(id)
    if (!answer) {
      const check = checks.find((one) => one.id === id)
      if (!check) throw new TypeError(`${row.id} names the check ${id}, which does not exist`)
      const { recorder } = subject.settings
      recorder.take()
      const started = performance.now()
      const verdict = await check.ask(subject)
      answer = {
        check: id,
        verdict,
        because: verdict.because,
        evidence: recorder.take(),
        seconds: (performance.now() - started) / 1000,
      }
      asked.set(id, answer)
    }
    const { verdict, ...finding } = answer
    yield { row, ...finding, outcome: outcomeOf(verdict, expectedFailures.has(row.id)) }
  }
}

function outcomeOf({ outcome }: Verdict, isExpected: boolean): Outcome {
  if (!isExpected || outcome === 'skipped') return outcome
  return outcome === 'failed' ? 'expected' : 'surprising'
}
