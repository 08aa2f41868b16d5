import type { AuditEvent, AuditEventName, RateLimit } from '@ath-protocol/server'

/** When an event that repeats deserves somebody's attention (R118, R120). */
export interface WatchRule extends RateLimit {
  readonly event: AuditEventName
  /** Only records with this `denial_reason`; absent: all of the event. */
  readonly reason?: string
  /** What the repetitions have in common. */
  readonly by: 'agent_id' | 'ip'
  /**
   * Whether the agent is suspended too. Only sound for events that carry a verified agent: anybody can send broken
   * attestations in an agent's name.
   */
  readonly suspend: boolean
}

export interface Alert {
  readonly rule: WatchRule
  readonly subject: string
}

export interface Watch {
  /** Counts one record. An alert comes once a window and subject, when the count is reached. */
  observe(event: AuditEvent, now: number): readonly Alert[]
}

/** Subjects counted at once; beyond it the longest unseen is forgotten, so that a flood of names costs no memory. */
const mostSubjects = 10_000

interface Window {
  startedAt: number
  count: number
}

/** A document that shows a private key lets anybody sign in the agent's name: one is enough. */
export const publishedPrivateKey: WatchRule = {
  event: 'attestation_failed',
  reason: 'key_is_private',
  by: 'agent_id',
  count: 1,
  perSeconds: 3600,
  suspend: false,
}

export function createWatch(rules: readonly WatchRule[]): Watch {
  const windows = new Map<string, Window>()
  const watched = new Set(rules.map(({ event }) => event))

  /** Whether this record is the one that completes the count of its rule. */
  function completes(rule: WatchRule, event: AuditEvent, subject: string, now: number): boolean {
    if (rule.event !== event.event) return false
    if (rule.reason !== undefined && rule.reason !== event.denial_reason) return false
    const key = `${rule.event} ${rule.reason ?? ''} ${subject}`
    const known = windows.get(key)
    const current =
      known && now - known.startedAt < rule.perSeconds ? known : { startedAt: now, count: 0 }
    current.count += 1
    windows.delete(key)
    windows.set(key, current)
    if (windows.size > mostSubjects) windows.delete(windows.keys().next().value as string)
    return current.count === rule.count
  }

  return {
    observe(event, now) {
      // Nearly every record is a proxied call, which nobody watches.
      if (!watched.has(event.event)) return none
      return rules.flatMap((rule): Alert[] => {
        const subject = event[rule.by]
        return subject !== undefined && completes(rule, event, subject, now)
          ? [{ rule, subject }]
          : []
      })
    },
  }
}

const none: readonly Alert[] = []
