import type { Row } from '../rows/row.ts'
import type { Finding, Outcome } from '../run/finding.ts'

const marks: Readonly<Record<Outcome, string>> = {
  passed: '✔',
  failed: '✖',
  skipped: '–',
  expected: '✖',
  surprising: '✔',
}
const notes: Partial<Readonly<Record<Outcome, string>>> = {
  expected: ' (expected)',
  surprising: ' (expected to fail: take it from the list)',
}

/** One finding for people: mark, row, level, what the row asks; and below, why. */
export function renderFinding({ row, outcome, because }: Finding): string {
  const head = `${marks[outcome]} ${row.id.padEnd(4)} ${row.level.padEnd(8)} ${row.text}${notes[outcome] ?? ''}`
  return `${head}\n    ${because}\n`
}

/** The last lines; the very last is `N passed, N failed, N skipped`. */
export function renderSummary(findings: readonly Finding[], unseen: number): string {
  const count = (...outcomes: readonly Outcome[]) =>
    findings.filter(({ outcome }) => outcomes.includes(outcome)).length
  const expected = count('expected')
  return [
    '',
    ...(unseen > 0 ? [`${unseen} rows cannot be seen from outside; --list says why`] : []),
    ...renderSkipped(findings),
    ...(expected > 0 ? [`${expected} failed as expected`] : []),
    `${count('passed')} passed, ${count('failed', 'surprising')} failed, ${count('skipped')} skipped`,
    '',
  ].join('\n')
}

/** Why what was skipped was skipped, most frequent first. */
function renderSkipped(findings: readonly Finding[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const { outcome, because } of findings)
    if (outcome === 'skipped') counts.set(because, (counts.get(because) ?? 0) + 1)
  return [...counts]
    .sort(([, one], [, other]) => other - one)
    .map(([because, count]) => `${count} skipped: ${because}`)
}

/** `--list`: every row, with its check or why there is none. */
export const renderList = (rows: readonly Row[]): string =>
  rows
    .map(({ id, level, text, handshake, modes, seen }) => {
      const how = 'check' in seen ? seen.check : `not seen from outside: ${seen.unseen}`
      const where = modes.length === 1 ? `, ${modes[0]} only` : ''
      return `${id.padEnd(4)} ${level.padEnd(8)} ${text}\n    ${handshake}${where} · ${how}\n`
    })
    .join('')
