import type { AuditEvent } from '@ath-protocol/server'

/** One record as it stands in the log. */
export interface AuditRecord extends AuditEvent {
  /** Counts up by one over the whole log. */
  readonly seq: number
  /** `evt_…`; sorts by time. */
  readonly id: string
  /** RFC 3339 with milliseconds, UTC (R116). */
  readonly timestamp: string
  /** Hash of the line before. */
  readonly prev: string
  /** SHA-256 of this line up to here, base64url. */
  readonly hash: string
}

/** The record in a line; undefined for headers, checkpoints and what is no line of the log. */
export function readRecord(line: Buffer): AuditRecord | undefined {
  const text = line.toString('utf8')
  if (!text.startsWith('{"seq":')) return undefined
  try {
    return JSON.parse(text) as AuditRecord
  } catch {
    return undefined
  }
}
