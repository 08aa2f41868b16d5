import { genesis, openLine } from './chain.ts'
import type { Line } from './lines.ts'
import { type HeadCheck, readHead, type SignedHead } from './signed-head.ts'

/** Where a walk along the chain is: everything the next line must agree with. */
export interface Position {
  /** Absent before the first header. */
  readonly chain: string | undefined
  readonly segment: number
  readonly line: number
  readonly bytes: number
  readonly seq: number
  readonly hash: string
  readonly records: number
  readonly checkpoints: number
}

export const beginning: Position = {
  chain: undefined,
  segment: 0,
  line: 0,
  bytes: 0,
  seq: 0,
  hash: genesis,
  records: 0,
  checkpoints: 0,
}

export const format = 'sallyport-audit-1'

/** The first line of a segment. */
export interface Header {
  readonly format: string
  readonly chain: string
  readonly segment: number
  /** Sequence number of the first record in it. */
  readonly first_seq: number
  /** RFC 3339. */
  readonly timestamp: string
}

/** Goes on to the next segment file; its first line has to be its header. */
export const enterSegment = (position: Position, segment: number): Position => ({
  ...position,
  segment,
  line: 0,
  bytes: 0,
})

/**
 * One step along the chain: the position after this line, or what is wrong with it in words. Pure; the same rules check
 * a log that is being read and one that is about to be continued.
 */
export function step(position: Position, line: Line, check: HeadCheck): Position | string {
  if (!line.whole) return 'the line is not finished'
  const opened = openLine(line.bytes)
  if (opened === 'not_sealed') return 'this is not a line of the log'
  if (opened === 'hash_differs') return 'the line was changed: its hash does not match it'
  const next = {
    ...position,
    line: position.line + 1,
    bytes: line.end,
    hash: opened.hash,
  }
  const seq = /^\{"seq":(\d+),/.exec(opened.body)?.[1]
  const header = seq === undefined ? readMember<Header>(opened.body, 'header') : undefined
  if ((position.line === 0) !== (header !== undefined))
    return header
      ? 'a header stands inside a segment'
      : 'the segment does not begin with its header'
  if (seq !== undefined && Number(seq) !== position.seq + 1)
    return Number(seq) > position.seq
      ? `records are missing before this one: expected number ${position.seq + 1}, found ${seq}`
      : `records are out of order: expected number ${position.seq + 1}, found ${seq}`
  const wrongHeader = header && faultOf(header, position)
  if (wrongHeader) return wrongHeader
  if (opened.prev !== position.hash)
    return 'the line does not follow the one before it: a line was removed, moved or replaced'
  if (seq !== undefined) return { ...next, seq: Number(seq), records: position.records + 1 }
  if (header) return { ...next, chain: header.chain }
  const checkpoint = readHead(JSON.stringify(readMember(opened.body, 'checkpoint')))
  if (!checkpoint) return 'this line is neither a record, nor a header, nor a checkpoint'
  if (!describes(checkpoint, position))
    return 'the checkpoint does not describe the lines before it'
  if (!check(checkpoint))
    return `the checkpoint is not signed by a known key (kid ${checkpoint.kid})`
  return { ...next, checkpoints: position.checkpoints + 1 }
}

/** Whether a head speaks of exactly this position. */
export function describes(head: SignedHead, position: Position): boolean {
  return (
    head.chain === position.chain &&
    head.segment === position.segment &&
    head.bytes === position.bytes &&
    head.seq === position.seq &&
    head.hash === position.hash
  )
}

function faultOf(header: Header, before: Position): string | undefined {
  if (header.format !== format) return `the segment has an unknown format, ${header.format}`
  if (before.chain !== undefined && header.chain !== before.chain)
    return 'the segment belongs to another log'
  if (header.segment !== before.segment)
    return `the file is not the segment it is named for, but segment ${header.segment}`
  if (header.first_seq !== before.seq + 1)
    return `records are missing before this segment: expected number ${before.seq + 1}, found ${header.first_seq}`
  return undefined
}

function readMember<Value>(body: string, name: string): Value | undefined {
  if (!body.startsWith(`{"${name}":`)) return undefined
  try {
    return (JSON.parse(`${body}}`) as Record<string, Value>)[name]
  } catch {
    return undefined
  }
}
