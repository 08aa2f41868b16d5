import { timingSafeEqual } from 'node:crypto'

/** Compares a signature without telling by the time it takes how much of it is right. */
export function equalText(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** Signed callbacks are taken for so long, in seconds, before and after their own time. */
export const callbackWindowSeconds = 300

/** Whether a time in whole Unix seconds, as text, is within the window. */
export function isFresh(timestamp: string, now: number): boolean {
  return /^\d{1,12}$/.test(timestamp) && Math.abs(now - Number(timestamp)) <= callbackWindowSeconds
}
