import { absoluteFigures, type Figure, judge, relativeFigures, type Target } from './figures.ts'
import type { BenchResult } from './result.ts'
import { median } from './statistics.ts'

/** What a person reads at the end of a run: ratios and their targets first, then the figures behind them. */
export function renderReport(result: BenchResult): string {
  const relative = relativeFigures(result).map((figure) => [
    figure.what,
    writeValue(figure),
    figure.target ? writeTarget(figure.target, figure.unit) : '',
    figure.target ? judge(figure, figure.target) : '',
  ])
  const absolute = absoluteFigures(result).map((figure) => [figure.what, writeValue(figure)])
  return [
    align([['gateway, proxied call', 'measured', 'floor (moonshot)', ''], ...relative]),
    '',
    align(absolute),
    '',
    describeRun(result),
    ...warnings(result),
    '',
  ].join('\n')
}

/** The table of README.md, with how it came about below it. */
export function renderTable(result: BenchResult): string {
  const rows = relativeFigures(result).map((figure) => {
    const { target, what, unit } = figure
    if (!target) return `| ${what} | ${writeValue(figure)} | | |`
    const verdict = judge(figure, target)
    const told = verdict === 'not met' ? '**not met**' : verdict
    return `| ${what} | ${writeValue(figure)} | ${writeTarget(target, unit)} | ${told} |`
  })
  return [
    '| the gateway’s proxied call | measured | floor (moonshot) | |',
    '|---|---:|---:|---|',
    ...rows,
    '',
    [describeRun(result), ...warnings(result)].join(' '),
    '',
  ].join('\n')
}

export function describeRun(result: BenchResult): string {
  const { machine, commit, date, generator, pinned, quick } = result
  return [
    `Measured ${date.slice(0, 10)} at ${commit.short}${commit.changed ? ' with changes' : ''}`,
    quick ? ', quick run,' : '',
    ` on ${machine.cores} cores of ${machine.cpu}, Node ${machine.node}; load from ${generator}`,
    pinned ? ', load and upstream on one core, the proxy on the other.' : '.',
    ' Ratios are medians of same-round ratios.',
  ].join('')
}

/** What the reader has to know before believing the figures. */
export function warnings({ notes, throughput, latency }: BenchResult): readonly string[] {
  const foreign = [throughput, latency].flatMap((part) => part?.foreignShare ?? [])
  if (foreign.length === 0) return notes
  const discarded = (throughput?.discarded ?? 0) + (latency?.discarded ?? 0)
  const share = Math.round(median(foreign) * 100)
  return [
    ...notes,
    `The machine was shared: in the median round that counts, others used ${share} % of the proxy’s core` +
      `${discarded > 0 ? `; ${discarded} busier rounds were left out` : ''}.`,
  ]
}

export function writeValue({ value, unit }: Pick<Figure, 'value' | 'unit'>): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  const text = Number(value.toFixed(digits)).toLocaleString('en', {
    minimumFractionDigits: unit === '×' ? 2 : 0,
  })
  return unit === '×' ? text : `${text} ${unit}`
}

function writeTarget({ kind, floor, moonshot }: Target, unit: string): string {
  const value = (bound: number) => writeValue({ value: bound, unit })
  return `${kind === 'least' ? '≥' : '≤'} ${value(floor)}${moonshot === undefined ? '' : ` (${value(moonshot)})`}`
}

function align(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows)
    for (const [column, cell] of row.entries())
      widths[column] = Math.max(widths[column] ?? 0, cell.length)
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
