import type { StoredSession } from '@ath-protocol/client'
import { duration } from './shown.ts'

type Times = Pick<StoredSession, 'expiresAt' | 'grantExpiresAt'>

/** Whether the user's consent outlives the token; then the next call renews it. */
export const isRenewable = ({ expiresAt, grantExpiresAt = 0 }: Times, now: number): boolean =>
  grantExpiresAt > Math.max(now, expiresAt)

/** `59 m left · renews until 18:02 (7 h 41 m)`: how long the token lives, and how long the next call can renew it. */
export function timeLeft(times: Times, now: number): string {
  const { expiresAt, grantExpiresAt = 0 } = times
  const token = expiresAt > now ? `${duration(expiresAt - now)} left` : 'expired'
  if (!isRenewable(times, now)) return token
  return `${token} · renews until ${localTime(grantExpiresAt, now)} (${duration(grantExpiresAt - now)})`
}

/** `18:02` here, with the day unless it is today. */
export function localTime(instant: number, now: number): string {
  const [date, today] = [new Date(instant * 1000), new Date(now * 1000)]
  const two = (part: number) => String(part).padStart(2, '0')
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`
  if (date.toDateString() === today.toDateString()) return time
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`
}
