import type { Row } from '../rows/row.ts'
import type { Exchange } from '../wire/evidence.ts'

/** `expected`: it failed, and was expected to. `surprising`: it passed, and was expected to fail. */
export type Outcome = 'passed' | 'failed' | 'skipped' | 'expected' | 'surprising'

/** What one run found out about one row. */
export interface Finding {
  readonly row: Row
  readonly check: string
  readonly outcome: Outcome
  /** One sentence. */
  readonly because: string
  readonly evidence: readonly Exchange[]
  readonly seconds: number
}

export const isBad = ({ outcome }: Finding): boolean =>
  outcome === 'failed' || outcome === 'surprising'
