import { type Bench, loopback } from './bench.ts'
import { findGenerator } from './load/generator.ts'
import { describeCommit, describeMachine, findCores, findProgram } from './machine.ts'
import { measureAudit } from './measure/audit.ts'
import { measureHandshakes } from './measure/handshakes.ts'
import { measureNative } from './measure/native.ts'
import { measureLatency } from './measure/latency.ts'
import { measureStreams } from './measure/streams.ts'
import { measureThroughput } from './measure/throughput.ts'
import { measureTokens } from './measure/tokens.ts'
import { measureTransfers } from './measure/transfers.ts'
import type { Options } from './options.ts'
import { createProcesses, type Processes } from './processes.ts'
import type { BenchResult } from './result.ts'
import {
  availableSubjects,
  startSubject,
  type Subject,
  type SubjectName,
  timeStarts,
} from './subjects/subject.ts'

export interface Run {
  /** The repository. */
  readonly folder: string
  /** Says what is going on. */
  readonly say: (text: string) => void
  /** Ends the run before its time. */
  readonly signal: AbortSignal
}

/** Runs what the options ask for. Whatever happens, no process is left behind. */
export async function runBench(options: Options, run: Run): Promise<BenchResult> {
  const processes = createProcesses(findCores())
  // Whatever is measured then fails for want of a process, and the run ends.
  run.signal.addEventListener('abort', () => void processes.stopAll())
  try {
    return await measureAll(options, run, processes)
  } catch (cause) {
    run.signal.throwIfAborted()
    throw cause
  } finally {
    await processes.stopAll()
  }
}

async function measureAll(
  { plan, only }: Options,
  { folder, say }: Run,
  processes: Processes,
): Promise<BenchResult> {
  const upstream = (await processes.startEntry('./upstream.ts', 'load', {}).nextLine()) as {
    readonly short: number
    readonly long: number
  }
  const generator = findGenerator(processes)
  const bench: Bench = { plan, processes, generator, upstream, say }
  const names = availableSubjects()
  const head = {
    format: 'sallyport-bench-1',
    date: new Date().toISOString(),
    commit: describeCommit(folder),
    quick: plan.quick,
    machine: describeMachine(),
    generator: generator.name,
    pinned: processes.cores !== undefined,
    notes: notesOf(processes, generator.name),
  } as const
  const short = loopback(upstream.short)
  const answered =
    only.has('throughput') || only.has('latency')
      ? await withSubjects(bench, names, short, async (subjects) => ({
          ...(only.has('throughput')
            ? { throughput: await measureThroughput(bench, subjects) }
            : {}),
          ...(only.has('latency') ? { latency: await measureLatency(bench, subjects) } : {}),
        }))
      : {}
  // Of the bare proxies one is enough, and the bare path has no streams of its own.
  const long = names.filter((name) => name !== 'bare-path' && name !== 'bare-pipe')
  const streamed =
    only.has('streams') || only.has('transfers')
      ? await withSubjects(bench, long, loopback(upstream.long), async (subjects) => ({
          ...(only.has('streams') ? { streams: await measureStreams(bench, subjects) } : {}),
          ...(only.has('transfers') ? { transfers: await measureTransfers(bench, subjects) } : {}),
        }))
      : {}
  if (only.has('start')) say(`${plan.starts} starts`)
  return {
    ...head,
    ...answered,
    ...streamed,
    ...(only.has('start') ? { startMilliseconds: await timeStarts(processes, plan.starts) } : {}),
    ...(only.has('tokens') ? { tokens: await measureTokens(bench) } : {}),
    ...(only.has('audit') ? { audit: await measureAudit(bench) } : {}),
    ...(only.has('handshakes') ? { handshakes: await measureHandshakes(bench) } : {}),
    ...(only.has('native') ? { native: await measureNative(bench) } : {}),
  }
}

async function withSubjects<Measured>(
  { processes }: Bench,
  names: readonly SubjectName[],
  upstream: string,
  measure: (subjects: readonly Subject[]) => Promise<Measured>,
): Promise<Measured> {
  const subjects: Subject[] = []
  try {
    for (const name of names)
      if (name !== 'direct') subjects.push(await startSubject(processes, name, upstream))
    return await measure(subjects)
  } finally {
    await Promise.all(subjects.map((subject) => subject.stop()))
  }
}

function notesOf(processes: Processes, generator: string): readonly string[] {
  const notes: string[] = []
  if (processes.cores === undefined)
    notes.push('Processes were not pinned to cores (no taskset, or one core): ratios are rough.')
  if (generator !== 'wrk')
    notes.push('wrk is not installed: our own generator leaves the upstream less of its core.')
  if (findProgram('nginx') === undefined) notes.push('nginx is not installed and was left out.')
  if (process.platform !== 'linux')
    notes.push('There is no /proc here: CPU and memory were left out.')
  return notes
}
