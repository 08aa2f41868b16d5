import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StartError } from '@ath-protocol/server/parts'
import { endOf } from './chain.ts'
import { headName, listSegments, segmentName, segmentPath } from './segments.ts'
import { type HeadCheck, readHead, type SignedHead } from './signed-head.ts'
import { readTextFile } from './text-file.ts'
import { beginning, type Position } from './walk.ts'
import { walkLog } from './walk-log.ts'

export interface Recovered {
  /** Where the log goes on; `beginning` for a new one. */
  readonly position: Position
  /** What a crash left, for the record; absent after an orderly stop. */
  readonly found?: {
    readonly segment: number
    readonly cut_bytes: number
    readonly unsigned_records: number
    readonly problem?: string
    readonly head?: 'missing'
  }
}

/**
 * Finds where the log ends and cuts off what a crash left unfinished behind the last signed head. Whatever a head has
 * signed must still be there: else the log was tampered with, and the gateway does not start.
 */
export async function recoverLog(
  dir: string,
  anchorText: string | undefined,
  check: HeadCheck,
): Promise<Recovered> {
  const segments = await listSegments(dir)
  const head = readHead(await readTextFile(join(dir, headName)))
  const anchor = readHead(anchorText)
  const last = segments.at(-1)
  if (last === undefined) {
    if (head ?? anchor) throw damaged(dir, 'its segment files are gone')
    return { position: beginning }
  }
  for (const signed of [head, anchor]) {
    if (signed && !check(signed))
      throw damaged(dir, `its head is signed by an unknown key, ${signed.kid}`)
    if (signed && !(await endsAt(dir, signed)))
      throw damaged(dir, `what its head signed at ${signed.at} is not there any more`)
  }
  if (head && anchor && head.chain !== anchor.chain)
    throw damaged(dir, 'it is not the log that the store knows')

  const start = head ? positionAfter(head) : beginning
  const walked = await walkLog(dir, segments, start, { current: head }, check)
  const { position, fault } = walked
  if (fault && (fault.segment !== last || head?.closed))
    throw damaged(dir, `${segmentName(fault.segment)}: ${fault.problem}`)
  const file = segmentPath(dir, last)
  const at = position.segment === last ? position.bytes : 0
  const cutBytes = (await stat(file)).size - at
  if (cutBytes > 0) await cut(file, at)
  if (head?.closed && cutBytes === 0) return { position }
  return {
    position,
    found: {
      segment: last,
      cut_bytes: cutBytes,
      unsigned_records: position.seq - walked.signedSeq,
      ...(fault && { problem: fault.problem }),
      ...(head ? {} : { head: 'missing' }),
    },
  }
}

/** The lines before a signed head need not be read again: the head vouches for them. */
const positionAfter = (head: SignedHead): Position => ({
  ...beginning,
  chain: head.chain,
  segment: head.segment,
  line: 1,
  bytes: head.bytes,
  seq: head.seq,
  hash: head.hash,
})

/** Whether the line that a head names ends where the head says. */
async function endsAt(dir: string, head: SignedHead): Promise<boolean> {
  const wanted = Buffer.from(endOf(head.hash))
  if (head.bytes < wanted.length) return false
  try {
    const handle = await open(segmentPath(dir, head.segment), 'r')
    try {
      const { buffer, bytesRead } = await handle.read(
        Buffer.alloc(wanted.length),
        0,
        wanted.length,
        head.bytes - wanted.length,
      )
      return bytesRead === wanted.length && buffer.equals(wanted)
    } finally {
      await handle.close()
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw cause
  }
}

async function cut(file: string, bytes: number): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.truncate(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const damaged = (dir: string, problem: string) =>
  new StartError(
    `the audit log ${dir} was changed from outside: ${problem}`,
    'see `sallyport audit verify`; restore the folder from its backup, or keep it as evidence and start with a new data directory',
  )
