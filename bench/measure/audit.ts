import type { Bench } from '../bench.ts'
import type { BenchResult } from '../result.ts'

const rounds = 3

/** CPU of one audit record, its place in the chain and on the disk included. */
export async function measureAudit(bench: Bench): Promise<NonNullable<BenchResult['audit']>> {
  const records = bench.plan.auditRecords
  bench.say(`${records} audit records`)
  const running = bench.processes.startEntry('./measure/audit-writer.ts', 'proxy', {
    records,
    rounds,
  })
  const { microsecondsPerRecord } = (await running.nextLine()) as {
    readonly microsecondsPerRecord: readonly number[]
  }
  return { records, microsecondsPerRecord }
}
