/**
 * How strongly the protocol asks; `fact` is a statement without a keyword. `peer` rows are what real clients do, `seed`
 * rows what this product promises beyond the protocol.
 */
export type Level = 'MUST' | 'MUST NOT' | 'SHOULD' | 'MAY' | 'OPTIONAL' | 'fact' | 'peer' | 'seed'

/** One requirement of ATH 0.1, in our words. Tests that prove it carry its id in brackets in their name. */
export interface Requirement {
  readonly id: string
  readonly level: Level
  readonly summary: string
  /** Files or folders, relative to the root, that implement it. */
  readonly where: readonly string[]
  /** Why no test can prove it here. */
  readonly untestable?: string
}

/** A requirement without its id: level, summary, where, and why no test can prove it. */
export type Row = readonly [Level, string, readonly string[], (string | undefined)?]
