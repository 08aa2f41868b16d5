import type { BenchResult, Calm, Series, Transfers } from './result.ts'
import { differencePerRound, median, ratioPerRound } from './statistics.ts'
import type { SubjectName } from './subjects/subject.ts'

/** What is aimed at: `floor` must hold, `moonshot` is where it should end. `least`: more is better. */
export interface Target {
  readonly kind: 'least' | 'most'
  readonly floor: number
  readonly moonshot?: number
}

/** One measured figure, with its target where it has one. */
export interface Figure {
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly target?: Target
  /** Others took so much of the proxy's core that this says nothing about us. */
  readonly disturbed?: boolean
}

export type Verdict = 'met' | 'not met' | 'moonshot' | 'disturbed'

export function judge({ value, disturbed = false }: Figure, target: Target): Verdict {
  if (disturbed) return 'disturbed'
  const reaches = (bound: number) => (target.kind === 'least' ? value >= bound : value <= bound)
  if (target.moonshot !== undefined && reaches(target.moonshot)) return 'moonshot'
  return reaches(target.floor) ? 'met' : 'not met'
}

const least = (floor: number, moonshot?: number): Target =>
  moonshot === undefined ? { kind: 'least', floor } : { kind: 'least', floor, moonshot }
const most = (floor: number, moonshot?: number): Target =>
  moonshot === undefined ? { kind: 'most', floor } : { kind: 'most', floor, moonshot }

/** The ratios, differences and growths: what can be compared between machines. Each has its target. */
export function relativeFigures(result: BenchResult): readonly Figure[] {
  return [
    ...throughputFigures(result),
    ...latencyFigures(result),
    ...streamFigures(result),
    ...transferFigures(result),
    ...otherFigures(result),
    ...handshakeFigures(result),
    ...nativeFigures(result),
  ]
}

const baseNames: readonly (readonly [SubjectName, string, Target])[] = [
  ['bare-path', 'our own bare path', least(0.8, 0.9)],
  ['bare-undici', 'bare undici proxy', least(0.75, 1.2)],
  ['bare-pipe', 'bare http.Agent proxy', least(1)],
  ['nginx', 'nginx', least(0.3, 0.5)],
]

function throughputFigures({ throughput }: BenchResult): readonly Figure[] {
  if (!throughput) return []
  const { requestsPerSecond, cpuMicrosecondsPerRequest: cpu } = throughput
  const figures: Figure[] = []
  for (const [base, name, target] of baseNames) {
    const ratio = between(requestsPerSecond, base, ratioPerRound)
    figures.push(...timed(throughput, figure(`requests/s ÷ ${name}`, ratio, '×', target)))
    const work = between(cpu, base, (ours, theirs) => ratioPerRound(theirs, ours))
    figures.push(...figure(`requests per CPU second ÷ ${name}`, work, '×', target))
  }
  const own = cpu.gateway && median(cpu.gateway)
  return [...figures, ...figure('CPU per request', own, 'µs', most(30, 18))]
}

function latencyFigures({ latency }: BenchResult): readonly Figure[] {
  if (!latency) return []
  const { ratePerSecond, p50Microseconds, p99Microseconds } = latency
  const at = `at ${ratePerSecond.toLocaleString('en')} requests/s`
  const added = (series: Series, by: SubjectName) =>
    series[by] && series.direct && differencePerRound(series[by], series.direct)
  // What nginx adds is what this machine charges for any proxy: a sleeping core has to wake.
  return timed(latency, [
    ...figure(`added p50 ${at}`, added(p50Microseconds, 'gateway'), 'µs', most(50, 20)),
    ...figure(`… of it nginx adds already`, added(p50Microseconds, 'nginx'), 'µs'),
    ...figure(`added p99 ${at}`, added(p99Microseconds, 'gateway'), 'µs', most(500, 200)),
    ...figure(`… of it nginx adds already`, added(p99Microseconds, 'nginx'), 'µs'),
  ])
}

function streamFigures({ streams }: BenchResult): readonly Figure[] {
  if (!streams) return []
  const { cpuMicrosecondsPerEvent: cpu, deliveredShare } = streams
  const of = `${streams.streams} SSE streams × ${streams.eventsPerSecond} events/s`
  return [
    ...figure(
      `${of}: CPU per event ÷ nginx`,
      between(cpu, 'nginx', ratioPerRound),
      '×',
      most(2.1, 1.6),
    ),
    ...figure(
      `${of}: CPU per event ÷ bare undici proxy`,
      between(cpu, 'bare-undici', ratioPerRound),
      '×',
    ),
    ...figure(
      `${of}: events delivered`,
      deliveredShare.gateway && median(deliveredShare.gateway) * 100,
      '%',
      least(98),
    ),
  ]
}

function transferFigures({ transfers }: BenchResult): readonly Figure[] {
  if (!transfers) return []
  const { bytes, down, up } = transfers
  const size =
    bytes >= 1024 ** 3
      ? `${Math.round(bytes / 1024 ** 3)} GiB`
      : `${Math.round(bytes / 1024 ** 2)} MiB`
  const of = (direction: string, { gateway, nginx }: Transfers): readonly Figure[] => [
    ...figure(`${size} ${direction}: memory growth`, gateway?.growthMebibytes, 'MiB', most(16)),
    ...figure(
      `${size} ${direction}: throughput ÷ nginx`,
      gateway && nginx && gateway.mebibytesPerSecond / nginx.mebibytesPerSecond,
      '×',
      least(0.7, 0.9),
    ),
  ]
  return [...of('down', down), ...of('up', up)]
}

function otherFigures({ startMilliseconds, tokens, audit }: BenchResult): readonly Figure[] {
  const more = (
    series: Partial<Record<'few' | 'many', readonly number[]>> | undefined,
    to: 'few' | 'many',
    from: 'few' | 'many',
  ) => series?.few && series.many && (ratioPerRound(series[to] ?? [], series[from] ?? []) - 1) * 100
  const dearer = more(tokens?.cpuMicrosecondsPerRequest, 'many', 'few')
  const slower = more(tokens?.requestsPerSecond, 'few', 'many')
  const grown = tokens && `${count(tokens.few)} → ${count(tokens.many)} tokens in use`
  return [
    ...figure(
      'audit record, chained and on disk ≤ 100 ms',
      audit && median(audit.microsecondsPerRecord),
      'µs',
      most(3, 1.5),
    ),
    ...figure(`${grown}: CPU per request`, dearer, '% more', most(10)),
    ...timed(tokens, figure(`${grown}: time per request`, slower, '% more', most(10))),
    ...figure(
      'start to ready, from the sources',
      startMilliseconds && median(startMilliseconds),
      'ms',
      most(500, 250),
    ),
  ]
}

function handshakeFigures({ handshakes }: BenchResult): readonly Figure[] {
  if (!handshakes) return []
  const { cpuMicroseconds: cpu, cryptoMicroseconds: alone, perSecond } = handshakes
  const beyond = cpu.length === 0 ? undefined : ratioPerRound(cpu, alone)
  return [
    ...figure('nine-step handshake: CPU ÷ its cryptography alone', beyond, '×'),
    ...figure('nine-step handshake: CPU', cpu.length === 0 ? undefined : median(cpu), 'µs'),
    ...figure('nine-step handshakes on one core', median(perSecond), '/s'),
  ]
}

function nativeFigures({ native }: BenchResult): readonly Figure[] {
  if (!native) return []
  const { plainMicroseconds: plain, guardedMicroseconds: guarded } = native
  return [
    ...figure(
      'an agent’s call to an Express app: CPU ÷ a person’s',
      ratioPerRound(guarded, plain),
      '×',
    ),
    ...figure('… of it letting the agent in', median(guarded) - median(plain), 'µs'),
  ]
}

/** What was measured as it is, for each subject. */
export function absoluteFigures(result: BenchResult): readonly Figure[] {
  const { throughput, latency, streams, transfers } = result
  const each = (series: Series | undefined, what: string, unit: string): readonly Figure[] =>
    Object.entries(series ?? {}).flatMap(([name, values]) =>
      figure(`${name}: ${what}`, median(values), unit),
    )
  const resident = Object.entries(throughput?.residentMebibytes ?? {}).flatMap(([name, value]) =>
    figure(`${name}: memory after load`, value, 'MiB'),
  )
  const moved = (['down', 'up'] as const).flatMap((direction) =>
    Object.entries(transfers?.[direction] ?? {}).flatMap(([name, { mebibytesPerSecond }]) =>
      figure(`${name}: one body ${direction}`, mebibytesPerSecond, 'MiB/s'),
    ),
  )
  return [
    ...each(throughput?.requestsPerSecond, 'requests/s', '/s'),
    ...each(throughput?.cpuMicrosecondsPerRequest, 'CPU per request', 'µs'),
    ...resident,
    ...each(latency?.p50Microseconds, 'p50', 'µs'),
    ...each(latency?.p99Microseconds, 'p99', 'µs'),
    ...each(streams?.cpuMicrosecondsPerEvent, 'CPU per event', 'µs'),
    ...each(streams?.p50Microseconds, 'p50 of an event', 'µs'),
    ...moved,
  ]
}

function between(
  series: Series,
  base: SubjectName,
  compare: (ours: readonly number[], theirs: readonly number[]) => number,
): number | undefined {
  const { gateway, [base]: other } = series
  return gateway && other && compare(gateway, other)
}

/** With more of the core gone to others, what is measured by the clock is theirs and not ours. */
const disturbedShare = 0.2

/** Marks figures that depend on having the core to ourselves. */
function timed(calm: Calm | undefined, figures: readonly Figure[]): readonly Figure[] {
  const foreign = calm?.foreignShare ?? []
  if (foreign.length === 0 || median(foreign) < disturbedShare) return figures
  return figures.map((one) => ({ ...one, disturbed: true }))
}

function figure(
  what: string,
  value: number | undefined,
  unit: string,
  target?: Target,
): readonly Figure[] {
  if (value === undefined || Number.isNaN(value)) return []
  return [target ? { what, value, unit, target } : { what, value, unit }]
}

/** `100 k` for a hundred thousand. */
const count = (value: number) => (value >= 1000 ? `${value / 1000} k` : String(value))
