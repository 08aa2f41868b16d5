import type { StepUp } from './ath-error.ts'
import { requireSecure } from './base-url.ts'

/** Reads `details.step_up`; what is not whole, or no page that may be shown, is none. */
export function readStepUp(details: unknown): StepUp | undefined {
  const given = (details as { readonly step_up?: unknown } | null | undefined)?.step_up
  const { id, confirm_url, expires_at, interval } = (given ?? {}) as Readonly<
    Record<string, unknown>
  >
  if (typeof id !== 'string' || !/^[\x21-\x7e]{1,256}$/.test(id)) return undefined
  const expiresAt = typeof expires_at === 'string' ? Date.parse(expires_at) / 1000 : expires_at
  if (typeof expiresAt !== 'number' || Number.isNaN(expiresAt)) return undefined
  try {
    const confirmUrl = requireSecure(new URL(String(confirm_url)), 'the page').href
    const seconds = typeof interval === 'number' ? interval : 2
    return { id, confirmUrl, expiresAt, interval: Math.min(Math.max(seconds, 0.05), 60) }
  } catch {
    return undefined
  }
}
