import type { Bench } from '../bench.ts'
import { targetOf } from '../load/request.ts'
import type { TransferResult, TransferSettings } from '../load/transfer.ts'
import type { BenchResult, Transfer, Transfers } from '../result.ts'
import type { Subject } from '../subjects/subject.ts'
import { readUsage } from '../usage.ts'

const mebibyte = 1024 ** 2
/** The heap of a fresh process settles within its first 128 MiB, some 35 MiB higher; only what comes after is growth. */
const warmUpBytes = 256 * mebibyte
const sampleMilliseconds = 20

/** One long body each way: how fast it goes, and whether memory grows with it. */
export async function measureTransfers(
  bench: Bench,
  subjects: readonly Subject[],
): Promise<NonNullable<BenchResult['transfers']>> {
  const bytes = bench.plan.transferBytes
  const measureAll = async (direction: 'down' | 'up'): Promise<Transfers> => {
    const transfers: Transfers = {}
    for (const subject of subjects) {
      bench.say(`${bytes / mebibyte} MiB ${direction}: ${subject.name}`)
      transfers[subject.name] = await measureOne(bench, subject, direction, bytes)
    }
    return transfers
  }
  return { bytes, down: await measureAll('down'), up: await measureAll('up') }
}

async function measureOne(
  bench: Bench,
  subject: Subject,
  direction: 'down' | 'up',
  bytes: number,
): Promise<Transfer> {
  const before = await transfer(bench, subject, direction, warmUpBytes)
  const { seconds, peakBytes } = await transfer(bench, subject, direction, bytes)
  return {
    mebibytesPerSecond: bytes / mebibyte / seconds,
    growthMebibytes: Math.max(0, peakBytes - before.peakBytes) / mebibyte,
  }
}

async function transfer(
  bench: Bench,
  subject: Subject,
  direction: 'down' | 'up',
  bytes: number,
): Promise<{ seconds: number; peakBytes: number }> {
  const path = direction === 'down' ? `/bytes?count=${bytes}` : '/sink'
  const settings: TransferSettings = { ...targetOf(subject, path), direction, bytes }
  let peakBytes = 0
  const sample = () => {
    peakBytes = Math.max(peakBytes, readUsage(subject.pid)?.residentBytes ?? 0)
  }
  const sampler = setInterval(sample, sampleMilliseconds)
  try {
    const running = bench.processes.startEntry('./load/transfer.ts', 'load', settings)
    const { seconds } = (await running.nextLine()) as TransferResult
    sample()
    return { seconds, peakBytes }
  } finally {
    clearInterval(sampler)
  }
}
