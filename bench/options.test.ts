import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parts, readOptions } from './options.ts'

test('a run measures everything and keeps what it found, unless it is told otherwise', () => {
  const options = readOptions(['--quick'])
  assert.ok(typeof options === 'object')
  assert.ok(options.plan.quick)
  assert.ok(options.keep)
  assert.deepEqual([...options.only], [...parts])
})

test('a run of some parts keeps nothing: a result is whole', () => {
  const options = readOptions(['--only', 'audit,start'])
  assert.ok(typeof options === 'object')
  assert.deepEqual([...options.only], ['audit', 'start'])
  assert.equal(options.keep, false)
})

test('what is not understood is said', () => {
  const saysWrong = (args: readonly string[], wanted: RegExp) => {
    const said = readOptions(args)
    assert.ok(typeof said === 'string')
    assert.match(said, wanted)
  }
  saysWrong(['--only', 'audit,speed'], /`speed` is none of throughput/)
  saysWrong(['--fast'], /`--fast` is unknown/)
  assert.equal(readOptions(['--quick', '--help']), undefined)
})
