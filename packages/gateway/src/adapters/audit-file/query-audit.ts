import { type AuditFilter, matchesFilter } from './filter.ts'
import { readLines } from './lines.ts'
import { type AuditRecord, readRecord } from './record.ts'
import { listSegments, segmentPath } from './segments.ts'
import type { Header } from './walk.ts'

export interface AuditQuery {
  readonly dir: string
  readonly filter?: AuditFilter
  /** Unix seconds, included. */
  readonly since?: number
  /** Unix seconds, not included. */
  readonly until?: number
  /** At most so many, the oldest first. */
  readonly limit?: number
}

/**
 * Finds records, oldest first, in constant memory. It reads what is there and verifies nothing (`verifyAudit` does).
 * Segments that ended before `since` or began after `until` are not read.
 */
export async function* queryAudit(query: AuditQuery): AsyncGenerator<AuditRecord> {
  const { dir, filter = [], limit = Number.POSITIVE_INFINITY } = query
  const since = toTimestamp(query.since) ?? ''
  const until = toTimestamp(query.until) ?? '~'
  const segments = await listSegments(dir)
  let found = 0
  for (const [index, segment] of segments.entries()) {
    const following = segments[index + 1]
    if (following !== undefined && since > ((await beganAt(dir, following)) ?? '~')) continue
    if (((await beganAt(dir, segment)) ?? '') > until) return
    for await (const lines of readLines(segmentPath(dir, segment)))
      for (const { bytes, whole } of lines) {
        const record = whole ? readRecord(bytes) : undefined
        if (!record || record.timestamp < since || record.timestamp >= until) continue
        if (!matchesFilter(filter, record)) continue
        if (found++ >= limit) return
        yield record
      }
  }
}

/** RFC 3339 in UTC with a fixed number of digits: text order is time order. */
const toTimestamp = (seconds: number | undefined): string | undefined =>
  seconds === undefined ? undefined : new Date(seconds * 1000).toISOString()

async function beganAt(dir: string, segment: number): Promise<string | undefined> {
  for await (const [first] of readLines(segmentPath(dir, segment))) {
    if (!first?.whole) return undefined
    try {
      return (JSON.parse(first.bytes.toString('utf8')) as { header?: Header }).header?.timestamp
    } catch {
      return undefined
    }
  }
  return undefined
}
