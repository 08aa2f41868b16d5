import type { Row } from '../rows/row.ts'
import type { Finding } from '../run/finding.ts'

/** What was examined, and how. */
export interface About {
  readonly url: string
  readonly mode: string
  readonly handshake: string
  /** When it ended. */
  readonly at: Date
}

/** The evidence report: one object for each row that was checked, in the order of the run, and the rows that cannot be. */
export function renderReport(
  { at, ...about }: About,
  findings: readonly Finding[],
  unseen: readonly Row[],
): string {
  const report = {
    suite: '@ath-protocol/conformance',
    ath_version: '0.1',
    ...about,
    at: at.toISOString(),
    checks: findings.map(({ row, check, outcome, because, evidence, seconds }) => ({
      row: row.id,
      level: row.level,
      requirement: row.text,
      check,
      outcome,
      because,
      duration_ms: Math.round(seconds * 1000),
      evidence: evidence.map((exchange) => ({
        request: {
          method: exchange.method,
          url: exchange.url,
          headers: exchange.requestHeaders,
          ...(exchange.requestBody === undefined ? {} : { body: exchange.requestBody }),
        },
        answer: {
          status: exchange.status,
          headers: exchange.answerHeaders,
          body: exchange.answerBody,
        },
        ...(exchange.note === undefined ? {} : { note: exchange.note }),
      })),
    })),
    unseen: unseen.map(({ id, level, text, seen }) => ({
      row: id,
      level,
      requirement: text,
      why: 'unseen' in seen ? seen.unseen : '',
    })),
  }
  return `${JSON.stringify(report, null, 2)}\n`
}
