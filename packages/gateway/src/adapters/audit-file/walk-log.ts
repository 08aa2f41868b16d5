import { readLines } from './lines.ts'
import { segmentPath } from './segments.ts'
import type { HeadCheck, SignedHead } from './signed-head.ts'
import { describes, enterSegment, type Position, step } from './walk.ts'

export interface LogFault {
  readonly segment: number
  /** 1-based; 0 when the whole segment is meant. */
  readonly line: number
  readonly problem: string
}

export interface Walked {
  /** After the last good line. */
  readonly position: Position
  /** Records up to here are covered by a signature. */
  readonly signedSeq: number
  /** A last line that somebody is writing, or that a crash cut off. */
  readonly unfinishedBytes: number
  readonly fault?: LogFault
}

export interface Heads {
  /** The one beside the log. Only this one says whether the log is closed: later lines may follow an older one. */
  readonly current: SignedHead | undefined
  /** Older ones, kept elsewhere. */
  readonly known?: readonly SignedHead[]
}

/**
 * Walks segment files from a position on, and checks that every signed head lies on the way. Stops at the first fault.
 * `segments` are the numbers of the files that are there, ascending.
 */
export async function walkLog(
  dir: string,
  segments: readonly number[],
  from: Position,
  heads: Heads,
  check: HeadCheck,
): Promise<Walked> {
  const { current, known = [] } = heads
  const ahead = [...(current ? [current] : []), ...known].sort(
    (a, b) => a.segment - b.segment || a.bytes - b.bytes,
  )
  let position = from
  let signedSeq = from.seq
  let closed = false
  const stop = (problem: string, line = position.line + 1): Walked => ({
    position,
    signedSeq,
    unfinishedBytes: 0,
    fault: { segment: position.segment, line, problem },
  })
  /** Takes the heads that end where we are; says what is wrong when one should have. */
  const passHeads = (): string | undefined => {
    for (let head = ahead[0]; head && isReached(head, position); head = ahead[0]) {
      if (!check(head)) return `the signed head is not signed by a known key (kid ${head.kid})`
      if (!describes(head, position))
        return `the log differs here from its head signed at ${head.at}: lines were replaced`
      ahead.shift()
      signedSeq = head.seq
      if (head === current) closed = head.closed
    }
    return undefined
  }
  const wrongStart = passHeads()
  if (wrongStart) return stop(wrongStart, position.line)

  let unfinishedBytes = 0
  const last = segments.at(-1) ?? 0
  for (let segment = Math.max(1, from.segment); segment <= last; segment++) {
    if (segment !== position.segment) position = enterSegment(position, segment)
    if (!segments.includes(segment)) return stop('the segment file is missing', 0)
    for await (const lines of readLines(segmentPath(dir, segment), position.bytes)) {
      for (const line of lines) {
        if (!line.whole && segment === last) {
          unfinishedBytes = line.end - line.start
          break
        }
        if (closed) return stop('the line was added after the log was closed')
        const next = step(position, line, check)
        if (typeof next === 'string') return stop(next)
        if (next.checkpoints > position.checkpoints) signedSeq = next.seq
        position = next
        const wrong = passHeads()
        if (wrong) return stop(wrong, position.line)
      }
    }
  }
  const [missed] = ahead.slice(-1)
  if (missed) return stop(removed(missed, position), position.line)
  return { position, signedSeq, unfinishedBytes }
}

const isReached = (head: SignedHead, position: Position): boolean =>
  head.segment < position.segment ||
  (head.segment === position.segment && head.bytes <= position.bytes)

function removed(head: SignedHead, position: Position): string {
  const count = head.seq - position.seq
  return count > 0
    ? `the log ends here with record ${position.seq}, but had ${head.seq} when its head was signed at ${head.at}: ${count} removed from the end`
    : `the log is shorter than when its head was signed at ${head.at}: lines were removed from the end`
}
