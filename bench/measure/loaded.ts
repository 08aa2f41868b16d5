import type { Bench } from '../bench.ts'
import { flood, type FloodPlan } from '../load/generator.ts'
import { targetOf } from '../load/request.ts'
import type { Subject } from '../subjects/subject.ts'
import { readCpuBusy, readUsage } from '../usage.ts'

export interface Loaded {
  readonly requestsPerSecond: number
  readonly cpuMicrosecondsPerRequest: number | undefined
  readonly coreShare: number | undefined
  readonly foreignShare: number | undefined
}

/** One round: as many calls as get through, and what the proxy spent on them. */
export async function load(bench: Bench, subject: Subject, plan: FloodPlan): Promise<Loaded> {
  const { cores } = bench.processes
  const before = readUsage(subject.pid)
  const busyBefore = cores && readCpuBusy(cores.proxy)
  const startedAt = performance.now()
  const { requests, seconds } = await bench.generator.flood(targetOf(subject, '/rows/1'), plan)
  const wallMicroseconds = (performance.now() - startedAt) * 1000
  const after = readUsage(subject.pid)
  const busyAfter = cores && readCpuBusy(cores.proxy)
  const own = before && after && after.cpuMicroseconds - before.cpuMicroseconds
  const busy =
    busyBefore === undefined || busyAfter === undefined ? undefined : busyAfter - busyBefore
  return {
    requestsPerSecond: requests / seconds,
    cpuMicrosecondsPerRequest: own && own / requests,
    coreShare: own && own / wallMicroseconds,
    foreignShare:
      own === undefined || busy === undefined
        ? undefined
        : Math.max(0, (busy - own) / wallMicroseconds),
  }
}

const warmUpRequests = 30_000

/** Until the compiler has seen enough, counted in calls: on a busy machine a time would be too short. Each token is used. */
export async function warmUp(bench: Bench, subject: Subject): Promise<void> {
  const requests = Math.max(warmUpRequests, subject.credentials.tokens)
  const { connections } = bench.plan
  await flood(bench.processes, { ...targetOf(subject, '/rows/1'), connections, requests })
}
