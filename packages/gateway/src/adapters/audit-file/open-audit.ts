import { mkdirSync } from 'node:fs'
import type { AuditEvent, AuditSink } from '@ath-protocol/server'
import type { Clock, Random } from '@ath-protocol/types'
import type { AuditAnchor, Signer } from '@ath-protocol/server/parts'
import { createCommitQueue } from './commit-queue.ts'
import { createEventIds } from './event-id.ts'
import { lockLog } from './lock.ts'
import { openLogWriter } from './log-writer.ts'
import { recoverLog } from './recover.ts'
import { createHeadCheck, type PublicJwk } from './signed-head.ts'

export interface AuditOptions {
  readonly dir: string
  readonly signer: Signer
  /** Public keys that signed before this signer did. */
  readonly formerKeys?: readonly PublicJwk[]
  readonly clock: Clock
  readonly random: Random
  /** A segment is closed when it reaches this length. */
  readonly segmentBytes: number
  /** `always` writes and syncs each record at once; `batched` writes within 10 ms and syncs within 100 ms. */
  readonly durability: 'batched' | 'always'
  readonly anchor?: AuditAnchor
  /** A signed checkpoint is written after so many records (default 1000) or seconds (default 10). */
  readonly checkpointRecords?: number
  readonly checkpointSeconds?: number
}

export interface AuditLog extends AuditSink {
  /** Why nothing can be recorded any more: the gateway is not ready and refuses. Undefined when all is well. */
  broken(): Error | undefined
  /** Writes, signs and closes. Records that come later are refused. */
  close(): Promise<void>
}

/**
 * The audit log: one JSON line a record in segment files, chained by SHA-256 and signed (walk.ts has the rules). A
 * record costs the caller one JSON.stringify; sealing and writing are done for many at once. Throws a `StartError` when
 * the log was changed from outside or another process writes it.
 */
export async function openAudit(options: AuditOptions): Promise<AuditLog> {
  const { dir, signer, clock, random, segmentBytes, durability, anchor } = options
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const unlock = lockLog(dir)
  try {
    const check = createHeadCheck([signer.publicJwk(), ...(options.formerKeys ?? [])])
    const { position, found } = await recoverLog(dir, await anchor?.read(), check)
    const timestamps = createTimestamps(clock)
    const writer = await openLogWriter(
      {
        dir,
        chain: position.chain ?? random.token(16),
        signer,
        timestamp: () => timestamps().text,
        segmentBytes,
        checkpointRecords: options.checkpointRecords ?? 1000,
      },
      position,
    )
    const checkpointSeconds = options.checkpointSeconds ?? 10
    const queue = createCommitQueue({ writer, clock, durability, checkpointSeconds, anchor })
    const eventId = createEventIds(random)
    let seq = position.seq
    const log: AuditLog = {
      record(event) {
        const { milliseconds, text } = timestamps()
        const id = eventId(milliseconds)
        queue.push(`{"seq":${seq + 1},"id":"${id}","timestamp":"${text}",${toMembers(event)}`)
        // Only now: a number that was refused must not be missing.
        seq += 1
        return id
      },
      settled: queue.settled,
      broken: queue.broken,
      close: () => queue.close().finally(unlock),
    }
    if (found) log.record({ event: 'audit_recovered', outcome: 'allowed', evidence: found })
    return log
  } catch (cause) {
    unlock()
    throw cause
  }
}

/** Milliseconds and RFC 3339 text of now; the text is made once a millisecond. */
function createTimestamps(clock: Clock): () => { milliseconds: number; text: string } {
  let now = { milliseconds: Number.NaN, text: '' }
  return () => {
    const milliseconds = Math.floor(clock.now() * 1000)
    if (milliseconds !== now.milliseconds)
      now = { milliseconds, text: new Date(milliseconds).toISOString() }
    return now
  }
}

/** Longer events lose their evidence, so that a line stays below what readers take. */
const maxEventLength = 128 * 1024

function toMembers(event: AuditEvent): string {
  const text = JSON.stringify(event)
  if (text.length <= maxEventLength) return text.slice(1, -1)
  const shortened = JSON.stringify({ ...event, evidence: { omitted_characters: text.length } })
  if (shortened.length > maxEventLength) throw new Error('the audit event is too large')
  return shortened.slice(1, -1)
}
