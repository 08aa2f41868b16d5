import { fail, ok, type Result } from '../result.ts'

/** How far behind the newest message a late one is still taken: requests run side by side and overtake each other (U10). */
export const sequenceWindow = 64
/** Keys are not used for more messages than this in one direction. */
export const maxSequence = 2 ** 32

/**
 * Which sequence numbers of one direction were seen: everything below `horizon - 64` counts as seen, and within the last
 * 64 a bit says so. A value, so that it can be kept, and tested, as data.
 */
export interface SequenceWindow {
  /** One more than the highest number seen; 0 at first. */
  readonly horizon: number
  /** Bit n: `horizon - 1 - n` was seen. */
  readonly seen: bigint
}

export const freshWindow: SequenceWindow = { horizon: 0, seen: 0n }

/** A window in which everything below `horizon` counts as seen: what is left after a restart forgot the bits. */
export const windowFrom = (horizon: number): SequenceWindow => ({
  horizon,
  seen: (1n << BigInt(sequenceWindow)) - 1n,
})

/** Takes one number, once. Numbers start at 0. */
export function takeSequence(
  window: SequenceWindow,
  seq: number,
): Result<SequenceWindow, 'replayed' | 'exhausted'> {
  if (!Number.isSafeInteger(seq) || seq < 0) return fail('replayed')
  if (seq >= maxSequence) return fail('exhausted')
  const all = (1n << BigInt(sequenceWindow)) - 1n
  if (seq >= window.horizon) {
    const shift = seq + 1 - window.horizon
    const moved = shift >= sequenceWindow ? 0n : (window.seen << BigInt(shift)) & all
    return ok({ horizon: seq + 1, seen: moved | 1n })
  }
  const behind = window.horizon - 1 - seq
  // Before the shift: of a number far behind it would be a bit far too large to write down.
  if (behind >= sequenceWindow) return fail('replayed')
  const bit = 1n << BigInt(behind)
  if ((window.seen & bit) !== 0n) return fail('replayed')
  return ok({ horizon: window.horizon, seen: window.seen | bit })
}
