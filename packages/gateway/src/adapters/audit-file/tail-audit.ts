import { setTimeout as sleep } from 'node:timers/promises'
import { type AuditFilter, matchesFilter } from './filter.ts'
import { readLines } from './lines.ts'
import { type AuditRecord, readRecord } from './record.ts'
import { listSegments, segmentPath } from './segments.ts'

export interface AuditTail {
  readonly dir: string
  readonly filter?: AuditFilter
  /** How many of the latest records come first. */
  readonly count: number
  /** Then go on with records as they are written, until `signal` aborts. */
  readonly follow?: boolean
  readonly signal?: AbortSignal
}

const pollMilliseconds = 100

/** The latest records, oldest first, and with `follow` all that come after. Works beside a running gateway. */
export async function* tailAudit(tail: AuditTail): AsyncGenerator<AuditRecord> {
  const { dir, filter = [], count, follow = false, signal } = tail
  const segments = await listSegments(dir)
  let latest: readonly AuditRecord[] = []
  let place: Place = { segment: segments.at(-1) ?? 1, bytes: 0 }
  for (const segment of segments.toReversed()) {
    const kept: AuditRecord[] = []
    const end = await readFrom({ dir, segment, bytes: 0 }, filter, (record) => {
      kept.push(record)
      if (kept.length > count) kept.shift()
    })
    if (segment === place.segment) place = { segment, bytes: end }
    latest = [...kept, ...latest].slice(-count)
    if (latest.length >= count) break
  }
  if (count > 0) yield* latest

  while (follow && !signal?.aborted) {
    const fresh: AuditRecord[] = []
    // Listed before reading: when the next segment is there, this one is complete.
    const isOver = (await listSegments(dir)).includes(place.segment + 1)
    const bytes = await readFrom({ dir, ...place }, filter, (record) => fresh.push(record))
    place = isOver ? { segment: place.segment + 1, bytes: 0 } : { ...place, bytes }
    yield* fresh
    if (!isOver) await sleep(pollMilliseconds, undefined, signal ? { signal } : {}).catch(() => {})
  }
}

interface Place {
  readonly segment: number
  readonly bytes: number
}

/** Gives every whole record from a place on; returns where the next one will begin. */
async function readFrom(
  from: Place & { readonly dir: string },
  filter: AuditFilter,
  take: (record: AuditRecord) => void,
): Promise<number> {
  let bytes = from.bytes
  try {
    for await (const lines of readLines(segmentPath(from.dir, from.segment), from.bytes))
      for (const line of lines) {
        if (!line.whole) continue
        bytes = line.end
        const record = readRecord(line.bytes)
        if (record && matchesFilter(filter, record)) take(record)
      }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
  }
  return bytes
}
