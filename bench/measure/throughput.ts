import { type Bench, Collected, rotate } from '../bench.ts'
import type { BenchResult } from '../result.ts'
import type { Subject, SubjectName } from '../subjects/subject.ts'
import { readUsage } from '../usage.ts'
import { load, warmUp } from './loaded.ts'

/** All subjects in turn, round by round. */
export async function measureThroughput(
  bench: Bench,
  subjects: readonly Subject[],
): Promise<NonNullable<BenchResult['throughput']>> {
  const { connections, rounds, throughputSeconds } = bench.plan
  const plan = { connections, seconds: throughputSeconds }
  const requestsPerSecond = new Collected<SubjectName>()
  const cpu = new Collected<SubjectName>()
  const coreShare = new Collected<SubjectName>()
  const foreignShare = new Collected<SubjectName>()
  bench.say('warming up')
  for (const subject of subjects) await warmUp(bench, subject)
  for (let round = 0; round < rounds; round++) {
    bench.say(`throughput, round ${round + 1} of ${rounds}`)
    for (const subject of rotate(subjects, round)) {
      const loaded = await load(bench, subject, plan)
      requestsPerSecond.add(subject.name, loaded.requestsPerSecond)
      cpu.add(subject.name, loaded.cpuMicrosecondsPerRequest)
      coreShare.add(subject.name, loaded.coreShare)
      foreignShare.add(subject.name, loaded.foreignShare)
    }
  }
  const resident = subjects.flatMap(({ name, pid }) => {
    const usage = readUsage(pid)
    return usage ? [[name, usage.residentBytes / 1024 ** 2] as const] : []
  })
  return {
    connections,
    requestsPerSecond: requestsPerSecond.series,
    cpuMicrosecondsPerRequest: cpu.series,
    coreShare: coreShare.series,
    foreignShare: foreignShare.series,
    residentMebibytes: Object.fromEntries(resident),
  }
}
