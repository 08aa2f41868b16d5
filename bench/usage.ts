import { readFileSync } from 'node:fs'

/** What a process and its children have used so far. */
export interface Usage {
  readonly cpuMicroseconds: number
  readonly residentBytes: number
}

/** The kernel counts CPU time for user space in hundredths of a second, whatever its own clock (proc(5), USER_HZ). */
const ticksPerSecond = 100
const pageBytes = 4096

/** Reads /proc; undefined where there is none, or the process is gone. */
export function readUsage(pid: number): Usage | undefined {
  try {
    const own = parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')
      .split(' ')
      .filter((text) => /^\d+$/.test(text))
      .map((child) => readUsage(Number(child)))
    return {
      cpuMicroseconds:
        own.cpuMicroseconds +
        children.reduce((sum, child) => sum + (child?.cpuMicroseconds ?? 0), 0),
      residentBytes:
        own.residentBytes + children.reduce((sum, child) => sum + (child?.residentBytes ?? 0), 0),
    }
  } catch {
    return undefined
  }
}

/** One line of `/proc/<pid>/stat`. The name in parentheses may hold anything, so fields are counted from its end. */
export function parseStat(text: string): Usage {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const at = (index: number) => Number(fields[index])
  return {
    cpuMicroseconds: ((at(11) + at(12)) * 1e6) / ticksPerSecond,
    residentBytes: at(21) * pageBytes,
  }
}

/** Busy microseconds of one CPU since boot, from `/proc/stat`; undefined where that is not to be had. */
export function readCpuBusy(cpu: number): number | undefined {
  try {
    return parseCpuBusy(readFileSync('/proc/stat', 'latin1'), cpu)
  } catch {
    return undefined
  }
}

/** Everything but idle and waiting for the disk; time that the hypervisor took for others (`steal`) counts as busy. */
export function parseCpuBusy(text: string, cpu: number): number | undefined {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`cpu${cpu} `))
  if (line === undefined) return undefined
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line
    .split(' ')
    .slice(1)
    .map(Number)
  return ((user + nice + system + irq + softirq + steal) * 1e6) / ticksPerSecond
}
