import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alignColumns } from './columns.ts'

test('columns line up, whatever is in them', () => {
  assert.equal(
    alignColumns([
      ['A', 'LONGER', 'LAST'],
      ['\u001b[31mred\u001b[39m', 'x', 'as long as it is'],
      ['审批', '', 'y'],
    ]),
    [
      'A     LONGER  LAST',
      '\u001b[31mred\u001b[39m   x       as long as it is',
      '审批          y',
      '',
    ].join('\n'),
  )
  assert.equal(alignColumns([]), '')
})
