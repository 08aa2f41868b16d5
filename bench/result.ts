import type { Commit, Machine } from './machine.ts'
import type { SubjectName } from './subjects/subject.ts'

/** One value a round. */
export type Series = Partial<Record<SubjectName, readonly number[]>>

type FewAndMany = Partial<Record<'few' | 'many', readonly number[]>>

/** How much of the proxy's core went to processes not of this run, in each round that counts, and how many do not. */
export interface Calm {
  readonly foreignShare: readonly number[]
  readonly discarded: number
}

/** What one run measured, as written to bench/results. A part that was not run, or cannot be on this machine, is absent. */
export interface BenchResult {
  readonly format: 'sallyport-bench-1'
  /** Instant of the start, RFC 3339. */
  readonly date: string
  readonly commit: Commit
  readonly quick: boolean
  readonly machine: Machine
  readonly generator: string
  readonly pinned: boolean
  /** What limits these figures, in sentences. */
  readonly notes: readonly string[]
  readonly throughput?: Calm & {
    readonly connections: number
    readonly requestsPerSecond: Series
    readonly cpuMicrosecondsPerRequest: Series
    /** Share of its core that the proxy used itself; well below 1 means that something else set the pace. */
    readonly coreShare: Series
    readonly residentMebibytes: Partial<Record<SubjectName, number>>
  }
  readonly latency?: Calm & {
    readonly ratePerSecond: number
    readonly p50Microseconds: Series
    readonly p99Microseconds: Series
  }
  readonly streams?: Calm & {
    readonly streams: number
    readonly eventsPerSecond: number
    readonly cpuMicrosecondsPerEvent: Series
    /** Events that came, of those that were due. */
    readonly deliveredShare: Series
    readonly p50Microseconds: Series
  }
  readonly transfers?: {
    readonly bytes: number
    readonly down: Transfers
    readonly up: Transfers
  }
  readonly startMilliseconds?: readonly number[]
  readonly tokens?: Calm & {
    readonly few: number
    readonly many: number
    readonly requestsPerSecond: FewAndMany
    readonly cpuMicrosecondsPerRequest: FewAndMany
  }
  /** One value a round: of the gateway, and of the cryptography of as many handshakes alone. */
  readonly handshakes?: {
    readonly handshakes: number
    readonly perSecond: readonly number[]
    readonly cpuMicroseconds: readonly number[]
    readonly cryptoMicroseconds: readonly number[]
  }
  /** CPU of one call to an Express app with its client, one value a round. */
  readonly native?: {
    readonly plainMicroseconds: readonly number[]
    readonly guardedMicroseconds: readonly number[]
  }
  readonly audit?: { readonly records: number; readonly microsecondsPerRecord: readonly number[] }
}

export type Transfers = Partial<Record<SubjectName, Transfer>>

export interface Transfer {
  readonly mebibytesPerSecond: number
  /** How far the peak rose above that of a transfer of 256 MiB just before. */
  readonly growthMebibytes: number
}
