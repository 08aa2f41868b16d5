import { fail, ok, type Result } from '@ath-protocol/types'
import type { AuditRecord } from './record.ts'

/** One condition on a record; all of a filter's conditions must hold. */
export interface Condition {
  /** A field, or a dotted path into `evidence`. */
  readonly key: string
  readonly equal: boolean
  readonly value: string
}

export type AuditFilter = readonly Condition[]

const condition =
  /^\s*([A-Za-z_][\w.]*)\s*(!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))(?:\s+and\s+(?=\S)|\s*$)/i

/** Reads `event=access_denied and user_id!=usr_1 and path="/a b"`. The error says where it went wrong. */
export function parseAuditFilter(text: string): Result<AuditFilter, string> {
  const conditions: Condition[] = []
  let rest = text
  while (rest.trim() !== '') {
    const found = condition.exec(rest)
    if (!found?.[1])
      return fail(
        `cannot read the filter at \`${rest.trim()}\`: write \`key=value\` or \`key!=value\`, joined by \`and\``,
      )
    const value = found[3] === undefined ? (found[4] as string) : found[3].replace(/\\(.)/g, '$1')
    conditions.push({ key: found[1], equal: found[2] === '=', value })
    rest = rest.slice(found[0].length)
  }
  return ok(conditions)
}

/** A list holds a value when one of its items is it; a field that is absent, or is a record, equals nothing. */
export function matchesFilter(filter: AuditFilter, record: AuditRecord): boolean {
  return filter.every(({ key, equal, value }) => holds(lookUp(record, key), value) === equal)
}

function holds(found: unknown, value: string): boolean {
  if (Array.isArray(found)) return found.some((item) => holds(item, value))
  switch (typeof found) {
    case 'string':
    case 'number':
    case 'boolean':
      return String(found) === value
    default:
      return false
  }
}

function lookUp(record: AuditRecord, key: string): unknown {
  let found: unknown = record
  for (const part of key.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined
    found = (found as Record<string, unknown>)[part]
  }
  return found
}
