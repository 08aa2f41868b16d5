import assert from 'node:assert/strict'
import { test } from 'node:test'
import { insertTable } from './docs-bench.ts'

const page = 'before\n<!-- bench:start -->\nold\n<!-- bench:end -->\nafter\n'

test('the table takes the place between the markers, and nothing else changes', () => {
  const changed = insertTable(page, '| new |\n')
  assert.equal(changed, 'before\n<!-- bench:start -->\n| new |\n<!-- bench:end -->\nafter\n')
  assert.equal(insertTable(changed, '| new |\n'), changed)
})

test('a page without the markers is a mistake', () => {
  assert.throws(() => insertTable('no markers', 'x'), /bench:start/)
})
