import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { delimiter, join } from 'node:path'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGibibytes: number
  readonly node: string
  /** One minute's load average when the run began: others use the machine too. */
  readonly loadBefore: number
}

export function describeMachine(): Machine {
  const found = cpus()
  return {
    cpu: found[0]?.model ?? 'unknown',
    cores: found.length,
    memoryGibibytes: Math.round(totalmem() / 1024 ** 3),
    node: process.versions.node,
    loadBefore: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  }
}

/** Looks in PATH and where Debian puts servers. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/** Which CPU the proxy under test gets and which the load and the upstream. */
export interface Cores {
  readonly taskset: string
  readonly proxy: number
  readonly load: number
}

/** Undefined where processes cannot be pinned, or there is only one CPU to pin them to. */
export function findCores(): Cores | undefined {
  const taskset = findProgram('taskset')
  if (taskset === undefined || !existsSync('/proc/self/status')) return undefined
  const allowed = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))
  const [proxy, load] = parseCpuList(allowed?.[1] ?? '')
  return proxy === undefined || load === undefined ? undefined : { taskset, proxy, load }
}

/** `0-2,5` is 0, 1, 2 and 5. */
export function parseCpuList(text: string): readonly number[] {
  return text.split(',').flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number)
    return range === '' || Number.isNaN(first)
      ? []
      : Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

export interface Commit {
  readonly short: string
  /** Tracked files differ from the commit. */
  readonly changed: boolean
}

export function describeCommit(folder: string): Commit {
  const git = (...args: string[]) =>
    spawnSync('git', ['-C', folder, ...args], { encoding: 'utf8' }).stdout?.trim() ?? ''
  return {
    short: git('rev-parse', '--short', 'HEAD') || 'unknown',
    changed: git('status', '--porcelain', '--untracked-files=no', '--', 'packages', 'bench') !== '',
  }
}
