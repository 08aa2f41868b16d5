import { type Bench, rotate } from '../bench.ts'
import type { PacedResult, PacedSettings } from '../load/paced.ts'
import { targetOf } from '../load/request.ts'
import type { BenchResult } from '../result.ts'
import { runRounds, type Values } from '../rounds.ts'
import { directSubject, type Subject, type SubjectName } from '../subjects/subject.ts'
import { busier } from './throughput.ts'
import { beginTurn } from './turn.ts'

/** At a fixed rate well below saturation; what a proxy adds is its time less that of the upstream asked directly. */
export async function measureLatency(
  bench: Bench,
  subjects: readonly Subject[],
): Promise<NonNullable<BenchResult['latency']>> {
  const { ratePerSecond, latencySeconds, rounds } = bench.plan
  const all = [directSubject(bench.upstream.short), ...subjects]
  const what = `latency at ${ratePerSecond}/s`
  const { series, ...calm } = await runRounds(bench, what, rounds, async (round) => {
    const p50Microseconds: Values<SubjectName> = {}
    const p99Microseconds: Values<SubjectName> = {}
    let foreignShare: number | undefined
    for (const subject of rotate(all, round)) {
      const settings: PacedSettings = {
        ...targetOf(subject, '/rows/1'),
        ratePerSecond,
        seconds: latencySeconds,
      }
      const end = beginTurn(bench.processes, subject.pid)
      const running = bench.processes.startEntry('./load/paced.ts', 'load', settings)
      const took = (await running.nextLine()) as PacedResult
      foreignShare = busier(foreignShare, end().foreignShare)
      p50Microseconds[subject.name] = took.p50Microseconds
      p99Microseconds[subject.name] = took.p99Microseconds
    }
    return { values: { p50Microseconds, p99Microseconds }, foreignShare }
  })
  return { ratePerSecond, ...series, ...calm }
}
