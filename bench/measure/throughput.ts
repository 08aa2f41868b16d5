import { type Bench, rotate } from '../bench.ts'
import type { BenchResult } from '../result.ts'
import { runRounds, type Values } from '../rounds.ts'
import type { Subject, SubjectName } from '../subjects/subject.ts'
import { readUsage } from '../usage.ts'
import { load, warmUp } from './loaded.ts'

/** All subjects in turn, round by round. */
export async function measureThroughput(
  bench: Bench,
  subjects: readonly Subject[],
): Promise<NonNullable<BenchResult['throughput']>> {
  const { connections, rounds, throughputSeconds } = bench.plan
  bench.say('warming up')
  for (const subject of subjects) await warmUp(bench, subject)
  const found = await runRounds(bench, 'throughput', rounds, async (round) => {
    const requestsPerSecond: Values<SubjectName> = {}
    const cpuMicrosecondsPerRequest: Values<SubjectName> = {}
    const coreShare: Values<SubjectName> = {}
    let foreignShare: number | undefined
    for (const subject of rotate(subjects, round)) {
      const loaded = await load(bench, subject, { connections, seconds: throughputSeconds })
      requestsPerSecond[subject.name] = loaded.requestsPerSecond
      cpuMicrosecondsPerRequest[subject.name] = loaded.cpuMicrosecondsPerRequest
      coreShare[subject.name] = loaded.coreShare
      foreignShare = busier(foreignShare, loaded.foreignShare)
    }
    return { values: { requestsPerSecond, cpuMicrosecondsPerRequest, coreShare }, foreignShare }
  })
  const resident = subjects.flatMap(({ name, pid }) => {
    const usage = readUsage(pid)
    return usage ? [[name, usage.residentBytes / 1024 ** 2] as const] : []
  })
  const { series, ...calm } = found
  return { connections, ...series, ...calm, residentMebibytes: Object.fromEntries(resident) }
}

export function busier(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other)
}
