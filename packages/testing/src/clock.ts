import type { Clock } from '@ath-protocol/types'

/** A clock that moves only when told. */
export interface VirtualClock extends Clock {
  /** Moves on by so many seconds; fractions are kept. Negative moves back, as a stepped machine clock does. */
  advance(seconds: number): void
  /** Sets the time, in Unix seconds. */
  set(now: number): void
}

/** 2026-11-22T00:00:00Z: where virtual clocks start unless told. */
export const testEpoch = 1_795_305_600

export function createVirtualClock(startsAt: number = testEpoch): VirtualClock {
  let now = startsAt
  return {
    now: () => now,
    advance: (seconds) => {
      now += seconds
    },
    set: (instant) => {
      now = instant
    },
  }
}
