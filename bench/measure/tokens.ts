import { type Bench, loopback, rotate } from '../bench.ts'
import type { BenchResult } from '../result.ts'
import { startGateway } from '../subjects/subject.ts'
import { load, warmUp } from './loaded.ts'

/** Two gateways, one with few and one with many tokens in use; calls go through all of them in turn. */
export async function measureTokens(bench: Bench): Promise<NonNullable<BenchResult['tokens']>> {
  const { fewTokens, manyTokens, rounds, connections, throughputSeconds } = bench.plan
  const plan = { connections, seconds: throughputSeconds }
  const upstream = loopback(bench.upstream.short)
  const open = async (tokens: number) => {
    bench.say(`a gateway with ${tokens} tokens in use`)
    const subject = await startGateway(bench.processes, upstream, tokens)
    await warmUp(bench, subject)
    return { subject, requestsPerSecond: [] as number[], cpu: [] as number[] }
  }
  const few = await open(fewTokens)
  const many = await open(manyTokens)
  for (let round = 0; round < rounds; round++) {
    bench.say(`${fewTokens} tokens and ${manyTokens} tokens, round ${round + 1} of ${rounds}`)
    for (const one of rotate([few, many], round)) {
      const loaded = await load(bench, one.subject, plan)
      one.requestsPerSecond.push(loaded.requestsPerSecond)
      if (loaded.cpuMicrosecondsPerRequest !== undefined)
        one.cpu.push(loaded.cpuMicrosecondsPerRequest)
    }
  }
  await Promise.all([few.subject.stop(), many.subject.stop()])
  return {
    few: fewTokens,
    many: manyTokens,
    fewRequestsPerSecond: few.requestsPerSecond,
    manyRequestsPerSecond: many.requestsPerSecond,
    fewCpuMicroseconds: few.cpu,
    manyCpuMicroseconds: many.cpu,
  }
}
