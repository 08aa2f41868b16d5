import type { AuditEvent } from '@ath-protocol/server'

/** One record as it lies in the log. */
export interface AuditRecord extends AuditEvent {
  readonly seq: number
  /** `evt_…` */
  readonly id: string
  /** RFC 3339. */
  readonly timestamp: string
}

/** What a check of the whole log found. */
export interface AuditFindings {
  readonly segments: number
  readonly records: number
  readonly checkpoints: number
  /** Records at the end that no signature covers yet. */
  readonly unsignedRecords: number
  /** Length of a last line that is not finished yet. */
  readonly unfinishedBytes: number
  /** The first thing that is wrong; absent when every record is as it was written. */
  readonly fault?: { readonly segment: number; readonly line: number; readonly problem: string }
}

/** Reads the audit log while the gateway may be writing it. */
export interface AuditReader {
  /** All records, oldest first. With `signal` it goes on with new ones until the signal is aborted. */
  read(options?: { readonly signal?: AbortSignal }): AsyncIterable<AuditRecord>
  verify(): Promise<AuditFindings>
}
