import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge, relativeFigures, type Target } from './figures.ts'
import { renderReport, renderTable, writeValue } from './report.ts'
import type { BenchResult } from './result.ts'

const empty: BenchResult = {
  format: 'sallyport-bench-1',
  date: '2026-11-22T03:00:00.000Z',
  commit: { short: 'abc1234', changed: false },
  quick: false,
  machine: { cpu: 'Test CPU', cores: 2, memoryGibibytes: 4, node: '26.0.0', loadBefore: 0 },
  generator: 'wrk',
  pinned: true,
  notes: [],
}

const throughput: NonNullable<BenchResult['throughput']> = {
  connections: 64,
  requestsPerSecond: { gateway: [80, 160, 60], 'bare-undici': [100, 200, 100] },
  cpuMicrosecondsPerRequest: { gateway: [40, 40, 40], 'bare-undici': [25, 30, 20] },
  coreShare: {},
  foreignShare: [0.01, 0.02, 0.03],
  discarded: 0,
  residentMebibytes: { gateway: 150 },
}

test('a figure is met at its floor exactly, and more at its moonshot', () => {
  const least = { kind: 'least', floor: 0.75, moonshot: 1.2 } as const
  const verdict = (value: number, target: Target) => judge({ what: '', value, unit: '' }, target)
  assert.equal(verdict(0.74, least), 'not met')
  assert.equal(verdict(0.75, least), 'met')
  assert.equal(verdict(1.2, least), 'moonshot')
  assert.equal(verdict(30, { kind: 'most', floor: 30 }), 'met')
  assert.equal(verdict(30.1, { kind: 'most', floor: 30 }), 'not met')
})

test('ratios are taken within a round; what was not measured has no line', () => {
  const figures = relativeFigures({ ...empty, throughput })
  assert.deepEqual(
    figures.map(({ what, value }) => [what, value]),
    [
      ['requests/s ÷ bare undici proxy', 0.8],
      ['requests per CPU second ÷ bare undici proxy', 0.625],
      ['CPU per request', 40],
    ],
  )
})

test('the table shows each figure with its target and says plainly what is not met', () => {
  const lines = renderTable({ ...empty, throughput }).split('\n')
  assert.ok(lines.includes('| requests/s ÷ bare undici proxy | 0.80 | ≥ 0.75 (1.20) | met |'))
  assert.ok(lines.includes('| CPU per request | 40 µs | ≤ 30 µs (18 µs) | **not met** |'))
})

test('what others on the machine disturbed is not judged; what the kernel counted for us alone is', () => {
  const busy = { ...throughput, foreignShare: [0.5, 0.4, 0.6], discarded: 4 }
  const table = renderTable({ ...empty, throughput: busy })
  assert.match(table, /requests\/s ÷ bare undici proxy \| 0\.80 \| .* \| disturbed \|/)
  assert.match(
    table,
    /requests per CPU second ÷ bare undici proxy \| 0\.63 \| .* \| \*\*not met\*\* \|/,
  )
  assert.match(table, /others used 50 % of the proxy’s core; 4 busier rounds were left out/)
})

test('a run that measured nothing still renders', () => {
  assert.match(renderReport(empty), /Measured 2026-11-22 at abc1234/)
})

test('a value has the digits that it deserves, and its unit', () => {
  assert.equal(writeValue({ value: 0.8, unit: '×' }), '0.80')
  assert.equal(writeValue({ value: 1234.56, unit: 'µs' }), '1,235 µs')
  assert.equal(writeValue({ value: 2.3456, unit: 'µs' }), '2.35 µs')
})
