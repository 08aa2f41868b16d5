import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { rows } from '@ath-protocol/conformance'
import { skippedIn, unseenRows } from './conformance/unchecked.ts'

test('a skipped row is listed with what is missing, others are not', () => {
  const report = [
    '✔ R1   MUST     An agent gets in',
    '    a – b',
    '– U10  open     Where agreed, requests are encrypted',
    '    the server does not offer encrypted sessions',
    '',
    '1 skipped: the server does not offer encrypted sessions',
  ].join('\n')
  assert.deepEqual(skippedIn(report), ['U10: the server does not offer encrypted sessions'])
})

test('every row that cannot be seen from outside is listed once', () => {
  const listed = unseenRows(rows).flatMap((line) => line.slice(0, line.indexOf(':')).split(', '))
  const unseen = rows.filter(({ seen }) => 'unseen' in seen).map(({ id }) => id)
  assert.deepEqual(listed.sort(), unseen.sort())
})

test('the page lists every such row with the same reason', () => {
  const page = readFileSync(new URL('../docs/conformance.md', import.meta.url), 'utf8')
  for (const line of unseenRows(rows)) {
    const at = line.indexOf(': ')
    const cells = `| ${line.slice(0, at)} | ${line.slice(at + 2)} |`
    assert.ok(page.includes(`\n${cells}\n`), cells)
  }
})
