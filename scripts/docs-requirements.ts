import { existsSync } from 'node:fs'
import { findTaggedTests, type TaggedTest } from './requirement-tests.ts'
import type { Requirement } from './requirement.ts'
import { requirements } from './requirements.ts'
import { inRoot } from './workspace.ts'

/** What the map of requirements lacks, one sentence each. */
export function requirementFaults(
  rows: readonly Requirement[],
  tests: readonly TaggedTest[],
): readonly string[] {
  const known = new Set(rows.map(({ id }) => id))
  const proved = new Set(tests.flatMap(({ tags }) => tags))
  return [
    ...rows
      .filter(({ id, untestable }) => !proved.has(id) && untestable === undefined)
      .map(({ id, level, summary }) => `${id} has no test: [${level}] ${summary}`),
    ...rows.flatMap(({ id, where }) =>
      where
        .filter((path) => !existsSync(inRoot(path)))
        .map((path) => `${id}: no such path: ${path}`),
    ),
    ...tests.flatMap(({ file, tags }) =>
      tags.filter((tag) => !known.has(tag)).map((tag) => `${file}: there is no requirement ${tag}`),
    ),
  ]
}

/** `docs/reference/requirements.md`: each requirement, where it is, and the tests that prove it. */
export function renderRequirements(): string {
  const tests = findTaggedTests()
  const table = (of: readonly Requirement[]) => [
    '| | level | requirement | where | proved by |',
    '|---|---|---|---|---|',
    ...of.map((row) => renderRow(row, tests)),
    '',
  ]
  return [
    '# Requirements of ATH 0.1',
    '',
    'Implements the ATH protocol 0.1 of the OpenATH community. R rows are the requirements of the two-phase protocol,',
    'C rows what real clients send and how we answer, D rows the requirements of the nine-step handshake by DID, and U rows',
    'our answers to what its text leaves open; all in our words. A row is proved by the tests that carry its id in',
    'brackets in their name; each must pass, and none may be skipped.',
    '',
    '## Protocol',
    '',
    ...table(requirements.filter(({ id }) => id.startsWith('R'))),
    '## Peers',
    '',
    ...table(requirements.filter(({ id }) => id.startsWith('C'))),
    '## Nine-step handshake',
    '',
    ...table(requirements.filter(({ id }) => id.startsWith('D'))),
    '## What the nine-step text leaves open, and our answers',
    '',
    ...table(requirements.filter(({ id }) => id.startsWith('U'))),
  ].join('\n')
}

function renderRow(row: Requirement, tests: readonly TaggedTest[]): string {
  const proofs = tests
    .filter(({ tags }) => tags.includes(row.id))
    .map(({ file, name }) => `[${cell(label(file, name))}](../../${file})`)
  const where = row.where.map((path) => `[${path.replace('packages/', '')}](../../${path})`)
  const proved = row.untestable === undefined ? proofs.join(' · ') : `none: ${row.untestable}`
  return `| ${row.id} | ${row.level} | ${cell(row.summary)} | ${where.join(' · ')} | ${proved} |`
}

/** The test's name as people read it; a table of tests that shares its tags goes by its file. */
function label(file: string, name: string): string {
  const text = name.replace(/^(?:\[[RCDU]\d+\]\s*)+/, '').replaceAll(/\$\{[^}]*\}/g, '…')
  return text === '' ? `each test of ${file.split('/').at(-1)}` : text
}

const cell = (text: string) =>
  text.replaceAll('|', '\\|').replaceAll(/[[\]]/g, '\\$&').replaceAll('<', '&lt;')
