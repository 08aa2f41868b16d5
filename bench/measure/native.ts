import type { Bench } from '../bench.ts'
import type { BenchResult } from '../result.ts'

/** What an agent's call costs an Express app beside a person's, in one process that also asks. */
export async function measureNative(bench: Bench): Promise<NonNullable<BenchResult['native']>> {
  const { nativeCalls: calls, rounds } = bench.plan
  bench.say(`${calls} calls to an Express app with and without ATH, ${rounds} rounds`)
  const measured = bench.processes.startEntry('./measure/native-calls.ts', 'proxy', {
    calls,
    rounds,
  })
  const { plain, guarded } = (await measured.nextLine()) as {
    readonly plain: readonly number[]
    readonly guarded: readonly number[]
  }
  return { plainMicroseconds: plain, guardedMicroseconds: guarded }
}
