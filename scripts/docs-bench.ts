import { readFileSync } from 'node:fs'
import { readLatest } from '../bench/files.ts'
import { renderTable } from '../bench/report.ts'
import { inRoot } from './workspace.ts'

const start = '<!-- bench:start -->\n'
const end = '<!-- bench:end -->'

/** README.md with the table of the last full benchmark run between its markers; the rest as it stands. */
export function renderReadme(): string {
  const latest = readLatest()
  return insertTable(
    readFileSync(inRoot('README.md'), 'utf8'),
    latest === undefined ? '' : renderTable(latest),
  )
}

/** Throws when the markers are missing: the table would silently go nowhere. */
export function insertTable(page: string, table: string): string {
  const from = page.indexOf(start)
  const to = page.indexOf(end, from)
  if (from === -1 || to === -1)
    throw new Error(`README.md needs the lines ${start.trim()} and ${end}`)
  return `${page.slice(0, from + start.length)}${table}${page.slice(to)}`
}
