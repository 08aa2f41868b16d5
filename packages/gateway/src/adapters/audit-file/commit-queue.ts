import type { Clock } from '@ath-protocol/types'
import type { AuditAnchor } from '@ath-protocol/server/parts'
import type { LogWriter } from './log-writer.ts'

const writeDelayMilliseconds = 10
const syncDelayMilliseconds = 90
const maxQueuedCharacters = 64 * 1024 * 1024

export interface CommitQueueOptions {
  readonly writer: LogWriter
  readonly clock: Clock
  readonly durability: 'batched' | 'always'
  readonly checkpointSeconds: number
  readonly anchor: AuditAnchor | undefined
}

/** Decides when what is queued is written, synced and signed: many records at once, one step after another. */
export interface CommitQueue {
  /** Throws when the log is broken, closed, or the disk too slow. */
  push(body: string): void
  /** Resolves when all that was pushed is on disk; parallel callers share one commit. */
  settled(): Promise<void>
  broken(): Error | undefined
  close(): Promise<void>
}

export function createCommitQueue(options: CommitQueueOptions): CommitQueue {
  const { writer, clock, durability, checkpointSeconds, anchor } = options
  let queue: string[] = []
  let queuedCharacters = 0
  let pushed = 0
  let synced = 0
  let checkpointAt = clock.now()
  let fault: Error | undefined
  let closing: Promise<void> | undefined
  let last: Promise<void> = Promise.resolve()
  let nextCommit: Promise<void> | undefined
  const timers: { write?: NodeJS.Timeout; sync?: NodeJS.Timeout; checkpoint?: NodeJS.Timeout } = {}

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
  const write = async () => {
    clearTimeout(timers.write)
    delete timers.write
    while (queue.length > 0) {
      const bodies = queue
      queue = []
      queuedCharacters = 0
      await writer.append(bodies)
    }
  }
  const commit = async (closed: boolean) => {
    clearTimeout(timers.sync)
    delete timers.sync
    await write()
    const covered = pushed
    const isDue = closed || clock.now() - checkpointAt >= checkpointSeconds
    const checkpoints = isDue && writer.uncheckpointed() > 0
    if (checkpoints) await writer.checkpoint()
    const head = await writer.sync({ closed, durableHead: checkpoints || closed })
    synced = covered
    if (!checkpoints && !closed) return
    checkpointAt = clock.now()
    // When the store cannot take it now, the next checkpoint tries again; the head beside the log is written anyway.
    await anchor?.save(JSON.stringify(head)).catch(() => undefined)
  }
  const commitSoon = (): Promise<void> => {
    nextCommit ??= enqueue(() => {
      nextCommit = undefined
      return commit(false)
    })
    return nextCommit
  }
  // A failure shows in `fault`; whoever waits in `settled` gets it as well.
  const ignore = () => undefined
  const schedule = () => {
    timers.checkpoint ??= setTimeout(() => {
      delete timers.checkpoint
      commitSoon().catch(ignore)
    }, checkpointSeconds * 1000).unref()
    if (durability === 'always') {
      commitSoon().catch(ignore)
      return
    }
    timers.write ??= setTimeout(() => {
      enqueue(write).catch(ignore)
    }, writeDelayMilliseconds)
    timers.sync ??= setTimeout(() => {
      commitSoon().catch(ignore)
    }, syncDelayMilliseconds)
  }
  const closeDown = async () => {
    try {
      await enqueue(() => commit(true))
    } finally {
      for (const timer of Object.values(timers)) clearTimeout(timer)
      await writer.close()
    }
  }

  return {
    push(body) {
      if (fault) throw fault
      if (closing) throw new Error('the audit log is closed')
      if (queuedCharacters > maxQueuedCharacters)
        throw new Error('the disk is too slow for the audit log: 64 MiB wait to be written')
      queue.push(body)
      queuedCharacters += body.length
      pushed += 1
      schedule()
    },
    settled() {
      if (fault) return Promise.reject(fault)
      return synced === pushed ? Promise.resolve() : commitSoon()
    },
    broken: () => fault,
    close: () => (closing ??= closeDown()),
  }
}
