import { type Bench, Collected, rotate } from '../bench.ts'
import type { PacedResult, PacedSettings } from '../load/paced.ts'
import { targetOf } from '../load/request.ts'
import type { BenchResult } from '../result.ts'
import { directSubject, type Subject, type SubjectName } from '../subjects/subject.ts'

/** At a fixed rate well below saturation; what a proxy adds is its time less that of the upstream asked directly. */
export async function measureLatency(
  bench: Bench,
  subjects: readonly Subject[],
): Promise<NonNullable<BenchResult['latency']>> {
  const { ratePerSecond, latencySeconds, rounds } = bench.plan
  const all = [directSubject(bench.upstream.short), ...subjects]
  const p50 = new Collected<SubjectName>()
  const p99 = new Collected<SubjectName>()
  for (let round = 0; round < rounds; round++) {
    bench.say(`latency at ${ratePerSecond}/s, round ${round + 1} of ${rounds}`)
    for (const subject of rotate(all, round)) {
      const settings: PacedSettings = {
        ...targetOf(subject, '/rows/1'),
        ratePerSecond,
        seconds: latencySeconds,
      }
      const running = bench.processes.startEntry('./load/paced.ts', 'load', settings)
      const took = (await running.nextLine()) as PacedResult
      p50.add(subject.name, took.p50Microseconds)
      p99.add(subject.name, took.p99Microseconds)
    }
  }
  return { ratePerSecond, p50Microseconds: p50.series, p99Microseconds: p99.series }
}
