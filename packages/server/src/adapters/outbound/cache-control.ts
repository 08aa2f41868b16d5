/**
 * For how long an answer may be used, in seconds: the smallest `max-age`, less the `Age` it already has; 0 for
 * `no-store` and `no-cache`; undefined when it does not say (RFC 9111 §4.2, §5.2.2).
 */
export function readMaxAge(cacheControl: string, age: string): number | undefined {
  let maxAge: number | undefined
  for (const directive of cacheControl.toLowerCase().split(',')) {
    const [name, value] = directive.trim().split('=', 2)
    if (name === 'no-store' || name === 'no-cache') return 0
    if (name !== 'max-age') continue
    const seconds = /^"?(\d{1,10})"?$/.exec(value ?? '')?.[1]
    // Unreadable freshness is stale (§4.2.1).
    maxAge = Math.min(maxAge ?? Infinity, seconds === undefined ? 0 : Number(seconds))
  }
  if (maxAge === undefined) return undefined
  const spent = /^\d{1,10}$/.test(age.trim()) ? Number(age) : 0
  return Math.max(0, maxAge - spent)
}
