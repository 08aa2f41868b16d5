import type { Row } from '@ath-protocol/conformance'

/** The rows that a report skipped, each with what it says is missing. */
export const skippedIn = (report: string): readonly string[] =>
  [...report.matchAll(/^– (\S+).*\n {4}(.+)$/gm)].map(([, id, why]) => `${id}: ${why}`)

/** The rows that no server can show, by the reason. */
export function unseenRows(rows: readonly Row[]): readonly string[] {
  const byReason = Map.groupBy(
    rows.flatMap(({ id, seen }) => ('unseen' in seen ? [{ id, why: seen.unseen }] : [])),
    ({ why }) => why,
  )
  return [...byReason].map(([why, of]) => `${of.map(({ id }) => id).join(', ')}: ${why}`)
}
