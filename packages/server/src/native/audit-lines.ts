import type { Clock, Random } from '@ath-protocol/types'
import type { AuditEvent, AuditSink } from '../ports/audit.ts'

/** One decision with its name and its time. */
export type AuditLine = AuditEvent & { readonly id: string; readonly time: string }

/** Hands each record to a function as soon as it is made. What it throws keeps the answer from leaving: fail closed. */
export function auditLines(
  take: (line: AuditLine) => void,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): AuditSink {
  return {
    record(event) {
      const id = `evt_${random.token(12)}`
      take({ id, time: new Date(clock.now() * 1000).toISOString(), ...event })
      return id
    },
    settled: async () => {},
  }
}
