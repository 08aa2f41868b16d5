import type { Handshake, Row } from '../rows/row.ts'
import type { Mode } from '../subject/settings.ts'

export interface Selection {
  readonly mode: Mode
  readonly handshake: Handshake
  /** Row ids; empty for all. */
  readonly only: readonly string[]
}

/** The rows of one run. Discovery, registration and revocation serve both handshakes, but are asked once: with the two-phase one. */
export const selectRows = (
  rows: readonly Row[],
  { mode, handshake, only }: Selection,
): readonly Row[] =>
  rows.filter(
    (row) =>
      row.handshake === handshake &&
      row.modes.includes(mode) &&
      (only.length === 0 || only.includes(row.id)),
  )
