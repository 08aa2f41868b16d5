import { type Bench, rotate } from '../bench.ts'
import { targetOf } from '../load/request.ts'
import type { StreamsResult, StreamsSettings } from '../load/streams.ts'
import type { BenchResult } from '../result.ts'
import { runRounds, type Values } from '../rounds.ts'
import type { Subject, SubjectName } from '../subjects/subject.ts'
import { busier } from './throughput.ts'
import { beginTurn } from './turn.ts'

/** Many event streams at once: what an event costs, and whether all come. */
export async function measureStreams(
  bench: Bench,
  subjects: readonly Subject[],
): Promise<NonNullable<BenchResult['streams']>> {
  const { streams, eventsPerSecond, streamSeconds, streamRounds } = bench.plan
  const what = `${streams} event streams`
  const { series, ...calm } = await runRounds(bench, what, streamRounds, async (round) => {
    const cpuMicrosecondsPerEvent: Values<SubjectName> = {}
    const deliveredShare: Values<SubjectName> = {}
    const p50Microseconds: Values<SubjectName> = {}
    let foreignShare: number | undefined
    for (const { name, ...subject } of rotate(subjects, round)) {
      const settings: StreamsSettings = {
        ...targetOf({ name, ...subject }, `/events?rate=${eventsPerSecond}`),
        streams,
        seconds: streamSeconds,
      }
      const running = bench.processes.startEntry('./load/streams.ts', 'load', settings)
      await running.nextLine()
      const end = beginTurn(bench.processes, subject.pid)
      const result = (await running.nextLine()) as StreamsResult
      const turn = end()
      await running.output()
      cpuMicrosecondsPerEvent[name] = turn.cpuMicroseconds && turn.cpuMicroseconds / result.events
      deliveredShare[name] = result.events / (streams * eventsPerSecond * result.seconds)
      p50Microseconds[name] = result.p50Microseconds
      foreignShare = busier(foreignShare, turn.foreignShare)
    }
    return { values: { cpuMicrosecondsPerEvent, deliveredShare, p50Microseconds }, foreignShare }
  })
  return { streams, eventsPerSecond, ...series, ...calm }
}
