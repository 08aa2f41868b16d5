import type { Handshake } from '../../src/rows/row.ts'

/** A server that the suite can be run against, and how. */
export interface RunningSubject {
  readonly name: string
  readonly url: string
  /** Options of the command for a run with this handshake. */
  options(handshake: Handshake): readonly string[]
  close(): Promise<void>
}

/** Options of the command, by name. */
export const flags = (values: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(values).flatMap(([name, value]) => [`--${name}`, value])
