import { headName, listSegments } from './segments.ts'
import { createHeadCheck, type PublicJwk, readHead, type SignedHead } from './signed-head.ts'
import { beginning } from './walk.ts'
import { type LogFault, walkLog } from './walk-log.ts'
import { readTextFile } from './text-file.ts'
import { join } from 'node:path'

export interface VerifyOptions {
  readonly dir: string
  /** The audit signer's public key, and those before it. */
  readonly publicKey: PublicJwk | readonly PublicJwk[]
  /**
   * Signed heads kept elsewhere (the store's anchor, an auditor's copy). Without one, an older copy of the whole folder
   * cannot be told from the log.
   */
  readonly knownHeads?: readonly string[]
}

export interface AuditReport {
  readonly segments: number
  readonly records: number
  readonly checkpoints: number
  /** Records at the end that no signature covers yet: at most 100 ms of them, while the gateway runs or after a crash. */
  readonly unsignedRecords: number
  /** Length of a last line that is not finished yet. */
  readonly unfinishedBytes: number
  /** The first thing that is wrong; absent when every record is as it was written. */
  readonly fault?: LogFault
}

/** Checks the whole log: every line, its place in the chain, every signature. The gateway may be writing meanwhile. */
export async function verifyAudit(options: VerifyOptions): Promise<AuditReport> {
  const before = await readTextFile(join(options.dir, headName))
  const report = await verifyOnce(options, before)
  if (!report.fault) return report
  // A gateway that starts while we read opens a closed log and cuts an unfinished line: look once more.
  const after = await readTextFile(join(options.dir, headName))
  return after === before ? report : verifyOnce(options, after)
}

async function verifyOnce(
  options: VerifyOptions,
  headText: string | undefined,
): Promise<AuditReport> {
  const { dir, publicKey, knownHeads = [] } = options
  const check = createHeadCheck(Array.isArray(publicKey) ? publicKey : [publicKey as PublicJwk])
  // Listed after the head was read: what is signed is on disk before its head.
  const segments = await listSegments(dir)
  const head = readHead(headText)
  const known = knownHeads.map(readHead)
  const heads = {
    current: head,
    known: known.filter((found): found is SignedHead => found !== undefined),
  }
  const walked = await walkLog(dir, segments, beginning, heads, check)
  const { position, signedSeq, unfinishedBytes } = walked
  const whole = (problem: string): LogFault => ({ segment: position.segment, line: 0, problem })
  const fault =
    walked.fault ??
    (known.includes(undefined) ? whole('a known head is not a signed head') : undefined) ??
    (!head && segments.length > 0
      ? whole(`${headName}, the signed head of the log, is missing or damaged`)
      : undefined)
  return {
    segments: segments.length,
    records: position.records,
    checkpoints: position.checkpoints,
    unsignedRecords: position.seq - signedSeq,
    unfinishedBytes,
    ...(fault && { fault }),
  }
}
