import { mkdirSync } from 'node:fs'
import type { AuditEvent, AuditSink } from '@ath-protocol/server'
import type { Clock, Random } from '@ath-protocol/types'
import type { AuditAnchor } from '../../ports/audit-anchor.ts'
import type { Signer } from '../../ports/signer.ts'
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

const writeDelayMilliseconds = 10
const syncDelayMilliseconds = 90
const maxQueuedBytes = 64 * 1024 * 1024
/** Longer events lose their evidence, so that a line stays below what readers take. */
const maxEventLength = 128 * 1024

/**
 * The audit log: one JSON line a record in segment files, chained by SHA-256 and signed (walk.ts has the rules). A
 * record costs the caller one JSON.stringify; sealing and writing are done for many at once. Throws a `StartError` when
 * the log was changed from outside or another process writes it.
 */
export async function openAudit(options: AuditOptions): Promise<AuditLog> {
  const { dir, signer, clock, random, segmentBytes, durability, anchor } = options
  const { checkpointRecords = 1000, checkpointSeconds = 10 } = options
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
        checkpointRecords,
      },
      position,
    )
    // Says that the log is open before anything follows a head that said it was closed.
    await writer.sync({ closed: false, durableHead: true })

    const eventId = createEventIds(random)
    let queue: string[] = []
    let queuedBytes = 0
    let seq = position.seq
    let syncedSeq = seq
    let checkpointAt = clock.now()
    let fault: Error | undefined
    let closing = false
    let last: Promise<void> = Promise.resolve()
    let nextCommit: Promise<void> | undefined
    let writeTimer: NodeJS.Timeout | undefined
    let syncTimer: NodeJS.Timeout | undefined
    let checkpointTimer: NodeJS.Timeout | undefined

    /** Runs the steps one after another; the first that fails breaks the log for good. */
    const enqueue = (step: () => Promise<void>): Promise<void> => {
      const done = last.then(async () => {
        if (fault) throw fault
        await step()
      })
      last = done.catch((cause: unknown) => {
        fault ??= new Error('the audit log cannot be written', { cause })
      })
      return done
    }
    const drain = async () => {
      clearTimeout(writeTimer)
      writeTimer = undefined
      while (queue.length > 0) {
        const bodies = queue
        queue = []
        queuedBytes = 0
        await writer.append(bodies)
      }
    }
    const commit = async (closed = false) => {
      clearTimeout(syncTimer)
      syncTimer = undefined
      await drain()
      const covered = seq - queue.length
      const due =
        writer.uncheckpointed() > 0 && (closed || clock.now() - checkpointAt >= checkpointSeconds)
      if (due) await writer.checkpoint()
      const head = await writer.sync({ closed, durableHead: due || closed })
      syncedSeq = covered
      if (!due && !closed) return
      checkpointAt = clock.now()
      // When the store cannot take it now, the next checkpoint tries again; the head beside the log is written anyway.
      await anchor?.save(JSON.stringify(head)).catch(() => undefined)
    }
    const commitSoon = (): Promise<void> => {
      nextCommit ??= enqueue(() => {
        nextCommit = undefined
        return commit()
      })
      return nextCommit
    }
    // A failure shows in `fault`; whoever waits in `settled` gets it as well.
    const ignore = () => undefined
    const schedule = () => {
      if (durability === 'always') {
        commitSoon().catch(ignore)
        return
      }
      writeTimer ??= setTimeout(() => enqueue(drain).catch(ignore), writeDelayMilliseconds)
      syncTimer ??= setTimeout(() => commitSoon().catch(ignore), syncDelayMilliseconds)
      checkpointTimer ??= setTimeout(() => {
        checkpointTimer = undefined
        commitSoon().catch(ignore)
      }, checkpointSeconds * 1000).unref()
    }

    const log: AuditLog = {
      record(event) {
        if (fault) throw fault
        if (closing) throw new Error('the audit log is closed')
        if (queuedBytes > maxQueuedBytes)
          throw new Error('the disk is too slow for the audit log: 64 MiB wait to be written')
        const { milliseconds, text } = timestamps()
        const id = eventId(milliseconds)
        const members = toMembers(event)
        seq += 1
        const body = `{"seq":${seq},"id":"${id}","timestamp":"${text}",${members}`
        queue.push(body)
        queuedBytes += body.length
        schedule()
        return id
      },
      settled() {
        if (fault) return Promise.reject(fault)
        return syncedSeq === seq ? Promise.resolve() : commitSoon()
      },
      broken: () => fault,
      async close() {
        if (closing) return last
        closing = true
        try {
          await enqueue(() => commit(true))
        } finally {
          for (const timer of [writeTimer, syncTimer, checkpointTimer]) clearTimeout(timer)
          await writer.close()
          unlock()
        }
      },
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
  let now = { milliseconds: 0, text: '' }
  return () => {
    const milliseconds = Math.floor(clock.now() * 1000)
    if (milliseconds !== now.milliseconds)
      now = { milliseconds, text: new Date(milliseconds).toISOString() }
    return now
  }
}

function toMembers(event: AuditEvent): string {
  const text = JSON.stringify(event)
  if (text.length <= maxEventLength) return text.slice(1, -1)
  const shortened = JSON.stringify({ ...event, evidence: { omitted_characters: text.length } })
  if (shortened.length > maxEventLength) throw new Error('the audit event is too large')
  return shortened.slice(1, -1)
}
