import type { Clock } from '@ath-protocol/types'

/** The machine's wall clock. */
export const systemClock: Clock = { now: () => Date.now() / 1000 }
