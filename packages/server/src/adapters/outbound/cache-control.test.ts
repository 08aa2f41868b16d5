import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMaxAge } from './cache-control.ts'

for (const [cacheControl, age, seconds] of [
  ['', '', undefined],
  ['public', '', undefined],
  ['max-age=300', '', 300],
  ['public, Max-Age=60', '', 60],
  ['max-age="60"', '', 60],
  ['max-age=300, max-age=10', '', 10],
  ['max-age=300', '290', 10],
  ['max-age=300', '999', 0],
  ['max-age=300', 'soon', 300],
  ['max-age=soon', '', 0],
  ['max-age=-1', '', 0],
  ['no-store', '', 0],
  ['max-age=300, no-cache', '', 0],
  ['s-maxage=9', '', undefined],
] as const)
  test(`[R20] Cache-Control \`${cacheControl}\` with Age \`${age}\` allows ${seconds ?? 'whatever the verifier likes'}`, () => {
    assert.equal(readMaxAge(cacheControl, age), seconds)
  })
