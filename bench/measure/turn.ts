import type { Processes } from '../processes.ts'
import { readCpuBusy, readUsage } from '../usage.ts'

/** What one subject's turn cost. Undefined where the kernel does not say. */
export interface Turn {
  readonly wallMicroseconds: number
  readonly cpuMicroseconds: number | undefined
  /** Share of the proxy's core that went to processes not of this run, or to other machines. */
  readonly foreignShare: number | undefined
}

/** Begins a turn; the function ends it. Process 0 is nobody: then all use of the proxy's core is foreign. */
export function beginTurn({ cores }: Processes, pid: number): () => Turn {
  const busy = () => (cores ? readCpuBusy(cores.proxy) : undefined)
  const usage = () => (pid === 0 ? undefined : readUsage(pid)?.cpuMicroseconds)
  const usedBefore = usage()
  const busyBefore = busy()
  const startedAt = performance.now()
  return () => {
    const wallMicroseconds = (performance.now() - startedAt) * 1000
    const used = difference(usage(), usedBefore)
    const core = difference(busy(), busyBefore)
    return {
      wallMicroseconds,
      cpuMicroseconds: used,
      foreignShare:
        core === undefined ? undefined : Math.max(0, (core - (used ?? 0)) / wallMicroseconds),
    }
  }
}

const difference = (after: number | undefined, before: number | undefined) =>
  after === undefined || before === undefined ? undefined : after - before
