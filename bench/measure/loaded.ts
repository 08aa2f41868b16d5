import type { Bench } from '../bench.ts'
import { flood, type FloodPlan } from '../load/generator.ts'
import { targetOf } from '../load/request.ts'
import type { Subject } from '../subjects/subject.ts'
import { beginTurn } from './turn.ts'

export interface Loaded {
  readonly requestsPerSecond: number
  readonly cpuMicrosecondsPerRequest: number | undefined
  /** Share of its core that the proxy used. */
  readonly coreShare: number | undefined
  readonly foreignShare: number | undefined
}

/** One turn: as many calls as get through, and what the proxy spent on them. */
export async function load(bench: Bench, subject: Subject, plan: FloodPlan): Promise<Loaded> {
  const end = beginTurn(bench.processes, subject.pid)
  const { requests, seconds } = await bench.generator.flood(targetOf(subject, '/rows/1'), plan)
  const { cpuMicroseconds, wallMicroseconds, foreignShare } = end()
  return {
    requestsPerSecond: requests / seconds,
    cpuMicrosecondsPerRequest: cpuMicroseconds && cpuMicroseconds / requests,
    coreShare: cpuMicroseconds && cpuMicroseconds / wallMicroseconds,
    foreignShare,
  }
}

const warmUpRequests = 30_000

/** Until the compiler has seen enough, counted in calls: on a busy machine a time would be too short. Each token is used. */
export async function warmUp(bench: Bench, subject: Subject): Promise<void> {
  const requests = Math.max(warmUpRequests, subject.credentials.tokens)
  const { connections } = bench.plan
  await flood(bench.processes, { ...targetOf(subject, '/rows/1'), connections, requests })
}
