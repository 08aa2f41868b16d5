import { nineStepRows } from './nine-step.ts'
import { peerRows } from './peers.ts'
import type { Row } from './row.ts'
import { twoPhaseRows } from './two-phase.ts'

/** Every requirement of ATH 0.1 that the suite knows, in order. */
export const rows: readonly Row[] = [...twoPhaseRows, ...peerRows, ...nineStepRows]
