import { type Bench, Collected, rotate } from '../bench.ts'
import { targetOf } from '../load/request.ts'
import type { StreamsResult, StreamsSettings } from '../load/streams.ts'
import type { BenchResult } from '../result.ts'
import type { Subject, SubjectName } from '../subjects/subject.ts'
import { readUsage } from '../usage.ts'

/** Many event streams at once: what an event costs, and whether all come. */
export async function measureStreams(
  bench: Bench,
  subjects: readonly Subject[],
): Promise<NonNullable<BenchResult['streams']>> {
  const { streams, eventsPerSecond, streamSeconds, streamRounds } = bench.plan
  const cpu = new Collected<SubjectName>()
  const delivered = new Collected<SubjectName>()
  const p50 = new Collected<SubjectName>()
  for (let round = 0; round < streamRounds; round++)
    for (const subject of rotate(subjects, round)) {
      bench.say(`${streams} event streams, round ${round + 1} of ${streamRounds}: ${subject.name}`)
      const settings: StreamsSettings = {
        ...targetOf(subject, `/events?rate=${eventsPerSecond}`),
        streams,
        seconds: streamSeconds,
      }
      const running = bench.processes.startEntry('./load/streams.ts', 'load', settings)
      await running.nextLine()
      const before = readUsage(subject.pid)
      const result = (await running.nextLine()) as StreamsResult
      const after = readUsage(subject.pid)
      await running.output()
      if (before && after)
        cpu.add(subject.name, (after.cpuMicroseconds - before.cpuMicroseconds) / result.events)
      delivered.add(subject.name, result.events / (streams * eventsPerSecond * result.seconds))
      p50.add(subject.name, result.p50Microseconds)
    }
  return {
    streams,
    eventsPerSecond,
    cpuMicrosecondsPerEvent: cpu.series,
    deliveredShare: delivered.series,
    p50Microseconds: p50.series,
  }
}
