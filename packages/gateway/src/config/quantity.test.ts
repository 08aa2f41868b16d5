import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  readDuration,
  readRate,
  readSize,
  writeDuration,
  writeRate,
  writeSize,
} from './quantity.ts'

test('durations, sizes and rates are a number and a unit', () => {
  assert.equal(readDuration('30s'), 30)
  assert.equal(readDuration('10m'), 600)
  assert.equal(readDuration('8h'), 28_800)
  assert.equal(readDuration('90d'), 7_776_000)
  assert.equal(readSize('0B'), 0)
  assert.equal(readSize('64KiB'), 65_536)
  assert.equal(readSize('1GiB'), 1_073_741_824)
  assert.deepEqual(readRate('30/minute'), { count: 30, perSeconds: 60 })
  assert.deepEqual(readRate('10/second'), { count: 10, perSeconds: 1 })
  assert.equal(readRate('none'), 'none')
})

test('anything else is no quantity', () => {
  for (const text of ['', '10', 'm', '1.5h', '-1s', ' 1s', '1 s', '1w', '1S', '١s', '9999999999s'])
    assert.equal(readDuration(text), undefined, text)
  for (const text of ['', '1', '1GB', '1gib', '1.5MiB', '-1B', '1e3B'])
    assert.equal(readSize(text), undefined, text)
  for (const text of ['', '30', '0/minute', '30/min', '30 / minute', '/minute', 'None', '-1/hour'])
    assert.equal(readRate(text), undefined, text)
})

test('what is written can be read again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999_999 }), (amount) => {
      assert.equal(readDuration(writeDuration(amount)), amount)
      assert.equal(readSize(writeSize(amount)), amount)
    }),
  )
  assert.equal(writeDuration(28_800), '8h')
  assert.equal(writeSize(67_108_864), '64MiB')
  assert.equal(writeRate({ count: 30, perSeconds: 60 }), '30/minute')
})
