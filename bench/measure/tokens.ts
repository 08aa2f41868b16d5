import { type Bench, loopback, rotate } from '../bench.ts'
import type { BenchResult } from '../result.ts'
import { runRounds, type Values } from '../rounds.ts'
import { startGateway, type Subject } from '../subjects/subject.ts'
import { load, warmUp } from './loaded.ts'
import { busier } from './throughput.ts'

type Holding = 'few' | 'many'

/** Two gateways, one with few and one with many tokens in use; calls go through all of them in turn. */
export async function measureTokens(bench: Bench): Promise<NonNullable<BenchResult['tokens']>> {
  const { fewTokens, manyTokens, rounds, connections, throughputSeconds } = bench.plan
  const upstream = loopback(bench.upstream.short)
  const open = async (tokens: number): Promise<Subject> => {
    bench.say(`a gateway with ${tokens} tokens in use`)
    const subject = await startGateway(bench.processes, upstream, tokens)
    await warmUp(bench, subject)
    return subject
  }
  const few = await open(fewTokens)
  const many = await open(manyTokens)
  const pair: readonly (readonly [Holding, Subject])[] = [
    ['few', few],
    ['many', many],
  ]
  const what = `${fewTokens} and ${manyTokens} tokens`
  const { series, ...calm } = await runRounds(bench, what, rounds, async (round) => {
    const requestsPerSecond: Values<Holding> = {}
    const cpuMicrosecondsPerRequest: Values<Holding> = {}
    let foreignShare: number | undefined
    for (const [name, subject] of rotate(pair, round)) {
      const loaded = await load(bench, subject, { connections, seconds: throughputSeconds })
      requestsPerSecond[name] = loaded.requestsPerSecond
      cpuMicrosecondsPerRequest[name] = loaded.cpuMicrosecondsPerRequest
      foreignShare = busier(foreignShare, loaded.foreignShare)
    }
    return { values: { requestsPerSecond, cpuMicrosecondsPerRequest }, foreignShare }
  })
  await Promise.all([few.stop(), many.stop()])
  return { few: fewTokens, many: manyTokens, ...series, ...calm }
}
