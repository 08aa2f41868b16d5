const hour = 3600
const day = 24 * hour
const usual = [hour, 8 * hour, day, 7 * day, 30 * day, 90 * day]

/** What a person can choose from, shortest first: the usual lengths below the longest, and the longest. */
export function offeredLifetimes(longestSeconds: number): readonly number[] {
  return [...usual.filter((seconds) => seconds < longestSeconds), longestSeconds]
}

/** Chosen unless the person chooses: a working day, or less where that is the longest. */
export function usualLifetime(longestSeconds: number): number {
  return Math.min(8 * hour, longestSeconds)
}
