import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { run } from 'node:test'
import { createResultReader, summarize, type TestResult } from './test-results.ts'

test('each test of a real run becomes one result, and a suite none', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-results-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const good = join(folder, 'good.test.mjs')
  const broken = join(folder, 'broken.test.mjs')
  const empty = join(folder, 'empty.test.mjs')
  writeFileSync(
    good,
    `import test, { describe, it } from 'node:test'
     test('parent', async (t) => { await t.test('child', () => {}) })
     describe('suite', () => {
       it('fails', () => { throw new Error('no') })
       it('waits', { skip: 'for a reason' }, () => {})
     })`,
  )
  writeFileSync(broken, `throw new Error('does not even load')`)
  writeFileSync(empty, '')
  const read = createResultReader()
  const results: TestResult[] = []
  // node:test refuses a run inside a run; this one looks at other files.
  const context = process.env['NODE_TEST_CONTEXT']
  delete process.env['NODE_TEST_CONTEXT']
  t.after(() => {
    if (context !== undefined) process.env['NODE_TEST_CONTEXT'] = context
  })
  for await (const event of run({ files: [good, broken, empty], concurrency: 1 })) {
    const result = read(event)
    if (result) results.push(result)
  }
  assert.deepEqual(results.map(({ name, status }) => `${status} ${name}`).sort(), [
    'failed suite > fails',
    'failed the file runs',
    'passed parent',
    'passed parent > child',
    'skipped suite > waits',
  ])
  assert.equal(summarize(results), '2 passed, 2 failed, 1 skipped')
})

test('the last line leaves skips out when there are none', () => {
  assert.equal(summarize([{ status: 'passed' }]), '1 passed, 0 failed')
})
