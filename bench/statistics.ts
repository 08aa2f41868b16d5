/** The middle value; the mean of the two middle ones of an even number. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length % 2 === 1) return sorted[middle] as number
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

/** The smallest value that `share` (0 to 1) of the values do not exceed: nearest rank. `sorted` rises. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const rank = Math.max(1, Math.ceil(share * sorted.length))
  return sorted[rank - 1] ?? Number.NaN
}

/** Pairs the rounds of two series: what differs from round to round cancels within one. */
export function perRound(
  ours: readonly number[],
  base: readonly number[],
  combine: (ours: number, base: number) => number,
): number {
  const rounds = Math.min(ours.length, base.length)
  return median(
    Array.from({ length: rounds }, (_, round) =>
      combine(ours[round] as number, base[round] as number),
    ),
  )
}

export const ratioPerRound = (ours: readonly number[], base: readonly number[]): number =>
  perRound(ours, base, (our, theirs) => our / theirs)

export const differencePerRound = (ours: readonly number[], base: readonly number[]): number =>
  perRound(ours, base, (our, theirs) => our - theirs)
