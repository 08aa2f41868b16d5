import { setTimeout } from 'node:timers/promises'
import type { AuditFindings, AuditReader, AuditRecord } from '../../ports/audit-reader.ts'
import { readLines } from './lines.ts'
import { listSegments, segmentPath } from './segments.ts'

const pollMilliseconds = 200

/** Reads the segment files in `dir`. Headers, checkpoints and lines that are no records are left to `verify`. */
export function createAuditReader(dir: string, verify: () => Promise<AuditFindings>): AuditReader {
  return {
    verify,
    async *read({ signal } = {}) {
      let segment = 0
      let bytes = 0
      for (;;) {
        // Listed before the file is read: once a later segment is there, this one grows no more.
        const segments = await listSegments(dir)
        if (segments.includes(segment))
          for await (const lines of readLines(segmentPath(dir, segment), bytes))
            for (const line of lines) {
              if (!line.whole) continue
              bytes = line.end
              const record = readRecord(line.bytes)
              if (record) yield record
            }
        const next = segments.find((one) => one > segment)
        if (next !== undefined) {
          segment = next
          bytes = 0
        } else if (!signal || signal.aborted) return
        else await setTimeout(pollMilliseconds, undefined, { signal }).catch(() => undefined)
      }
    },
  }
}

function readRecord(line: Buffer): AuditRecord | undefined {
  const text = line.toString('utf8')
  if (!text.startsWith('{"seq":')) return undefined
  try {
    const { prev: _prev, hash: _hash, ...record } = JSON.parse(text)
    return record as AuditRecord
  } catch {
    return undefined
  }
}
