import assert from 'node:assert/strict'
import test from 'node:test'
import { requirementFaults } from './docs-requirements.ts'
import { findTaggedTests, readTaggedTests } from './requirement-tests.ts'
import { requirements } from './requirements.ts'
import { unproved } from './requirements-passed.ts'

test('[R2] the list has every row of the protocol once, with its keyword or as a fact', () => {
  const ids = requirements.map(({ id }) => id)
  const expected = [
    // R128 is of the seeds: the tutorial's handlers.
    ...Array.from({ length: 128 }, (_, index) => `R${index + 1}`),
    ...Array.from({ length: 31 }, (_, index) => `C${index + 1}`),
    ...Array.from({ length: 21 }, (_, index) => `D${index + 1}`),
    ...Array.from({ length: 14 }, (_, index) => `U${index + 1}`),
  ]
  assert.deepEqual(ids, expected)
  const levels = new Set(requirements.map(({ level }) => level))
  assert.deepEqual(
    [...levels].sort(),
    ['MAY', 'MUST', 'MUST NOT', 'OPTIONAL', 'SHOULD', 'fact', 'peer', 'seed'].sort(),
  )
})

test('no test claims a requirement that does not exist, and each place exists', () => {
  const faults = requirementFaults(requirements, findTaggedTests())
  assert.deepEqual(
    faults.filter((fault) => !fault.includes('has no test')),
    [],
  )
})

/** Written apart, so that these examples are not taken for tests that prove something. */
const mark = (id: string) => `[${id}]`

test('tags are read from plain tests, from tables and from names with quotes', () => {
  const source = [
    `test('${mark('R45')} ${mark('C13')} a second registration', () => {})`,
    `const rows = [{ name: "${mark('R1')} it's a row" }]`,
    `test('mentions ${mark('R9')} later', () => {})`,
  ].join('\n')
  assert.deepEqual(
    readTaggedTests('a.test.ts', source).map(({ name, tags }) => [name, tags]),
    [
      [`${mark('R45')} ${mark('C13')} a second registration`, ['R45', 'C13']],
      [`${mark('R1')} it's a row`, ['R1']],
    ],
  )
})

test('a requirement is unproved when its test failed, was skipped, or did not run', () => {
  const rows = ['R1', 'R2', 'R3', 'R4'].map((id) => ({
    id,
    level: 'MUST' as const,
    summary: '',
    where: [],
  }))
  const result = (id: string, name: string, status: 'passed' | 'failed' | 'skipped') => ({
    file: 'a.test.ts',
    name: `${mark(id)} ${name}`,
    status,
    milliseconds: 1,
  })
  const results = [
    result('R1', 'passes', 'passed'),
    result('R2', 'fails', 'failed'),
    result('R2', 'passes too', 'passed'),
    result('R3', 'waits', 'skipped'),
  ]
  assert.deepEqual(unproved(rows, results), [
    `R2: failed: a.test.ts: ${mark('R2')} fails`,
    `R3: skipped: a.test.ts: ${mark('R3')} waits`,
    'R4: no test ran',
  ])
  assert.deepEqual(
    unproved(rows.slice(0, 1), [
      { ...result('R1', 'x', 'passed'), name: `suite > ${mark('R1')} x` },
    ]),
    [],
  )
})
