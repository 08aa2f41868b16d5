import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sayDuration, sayInstant, sayLasting, sayTimeLeft } from './time.ts'

for (const [seconds, en, zh] of [
  [3600, '1 hour', '1小时'],
  [8 * 3600, '8 hours', '8小时'],
  [86_400, '1 day', '1天'],
  [7 * 86_400, '7 days', '7天'],
  [90 * 60, '90 minutes', '90分钟'],
  [100 * 86_400, '100 days', '100天'],
  [1, '1 second', '1秒钟'],
  [8 * 3600 - 3, '7 hours, 59 minutes', '7小时59分钟'],
  [86_400 + 7, '1 day', '1天'],
  [131 * 60 + 1, '2 hours, 11 minutes', '2小时11分钟'],
] as const)
  test(`${seconds} seconds are ${en}`, () => {
    assert.equal(sayDuration('en', seconds), en)
    assert.equal(sayDuration('zh-CN', seconds), zh)
  })

test('what was allowed is said to the minute: a second of travel does not turn an hour into 59 minutes', () => {
  assert.equal(sayLasting('en', 3599), '1 hour')
  assert.equal(sayLasting('en', 8 * 3600 - 3), '8 hours')
  assert.equal(sayLasting('en', 90), '90 seconds')
})

test('the time left is said in whole minutes, and in seconds near the end', () => {
  assert.equal(sayTimeLeft('en', 599.8), '9 minutes')
  assert.equal(sayTimeLeft('en', 61), '61 seconds')
  assert.equal(sayTimeLeft('en', -5), '1 second')
})

test('an instant is said in UTC and for machines', () => {
  assert.equal(
    sayInstant('en', 1_795_305_600).source,
    '<time datetime="2026-11-22T00:00:00.000Z">Nov 22, 2026, 00:00 UTC</time>',
  )
})
