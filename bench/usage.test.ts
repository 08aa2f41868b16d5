import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCpuBusy, parseStat, readUsage } from './usage.ts'

const after = 'S 1 2 2 0 -1 4194560 9 0 0 0 250 50 0 0 20 0 11 0 99 1000000 256 184467440 1'

test('CPU time and memory are read from the line of the process, whatever its name holds', () => {
  for (const name of ['node', 'a) S 9 9 (b', 'with space'])
    assert.deepEqual(parseStat(`77 (${name}) ${after}`), {
      cpuMicroseconds: 3_000_000,
      residentBytes: 256 * 4096,
    })
})

test('a CPU is busy with all but idling and waiting for the disk', () => {
  const text =
    'cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 100 1 50 9000 700 2 3 4 0 0\ncpu10 1 0 0 0 0 0 0 0 0 0\n'
  assert.equal(parseCpuBusy(text, 0), 1_600_000)
  assert.equal(parseCpuBusy(text, 10), 10_000)
  assert.equal(parseCpuBusy(text, 1), undefined)
})

test('a process that is not there has no usage', () => {
  assert.equal(readUsage(2 ** 30), undefined)
})
