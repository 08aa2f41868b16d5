import type { AuditEvent, AuditEventName } from '@ath-protocol/server'
import type { RateLimit } from '../config/config.ts'

/** When an event that repeats deserves somebody's attention (R118, R120). */
export interface WatchRule extends RateLimit {
  readonly event: AuditEventName
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
  observe(event: AuditEvent, now: number): Alert | undefined
}

/** Subjects counted at once; beyond it the longest unseen is forgotten, so that a flood of names costs no memory. */
const mostSubjects = 10_000

interface Window {
  startedAt: number
  count: number
}

export function createWatch(rules: readonly WatchRule[]): Watch {
  const windows = new Map<string, Window>()
  const byEvent = new Map(rules.map((rule) => [rule.event, rule]))
  return {
    observe(event, now) {
      const rule = byEvent.get(event.event)
      const subject = rule && event[rule.by]
      if (!rule || subject === undefined) return undefined
      const key = `${rule.event} ${subject}`
      const known = windows.get(key)
      const current =
        known && now - known.startedAt < rule.perSeconds ? known : { startedAt: now, count: 0 }
      current.count += 1
      windows.delete(key)
      windows.set(key, current)
      if (windows.size > mostSubjects) windows.delete(windows.keys().next().value as string)
      return current.count === rule.count ? { rule, subject } : undefined
    },
  }
}
