import { fileURLToPath } from 'node:url'
import { findProgram } from '../machine.ts'
import type { Processes } from '../processes.ts'
import type { FloodResult, FloodSettings } from './flood.ts'
import type { Target } from './request.ts'
import { parseWrk } from './wrk.ts'

export interface FloodPlan {
  readonly connections: number
  readonly seconds: number
}

/** Loads a target as fast as it answers. One kind for all of a run. */
export interface Generator {
  readonly name: string
  flood(target: Target, plan: FloodPlan): Promise<FloodResult>
}

/** wrk where it is installed: it costs a third of our own, and so leaves more of its core to the upstream. */
export function findGenerator(processes: Processes): Generator {
  const wrk = findProgram('wrk')
  return wrk === undefined ? ownGenerator(processes) : wrkGenerator(processes, wrk)
}

function wrkGenerator(processes: Processes, program: string): Generator {
  const script = fileURLToPath(new URL('./wrk.lua', import.meta.url))
  return {
    name: 'wrk',
    async flood(target, { connections, seconds }) {
      // wrk counts whole seconds only.
      const whole = Math.max(1, Math.round(seconds))
      const command = [program, '-t1', `-c${connections}`, `-d${whole}s`, '-s', script]
      const running = processes.start(
        [...command, `http://127.0.0.1:${target.port}${target.path}`],
        'load',
        {
          environment: {
            BENCH_TOKEN_PREFIX: target.tokenPrefix,
            BENCH_TOKENS: String(target.tokens),
            BENCH_AGENT_ID: target.agentId,
          },
        },
      )
      return parseWrk(await running.output())
    },
  }
}

function ownGenerator(processes: Processes): Generator {
  return {
    name: 'bench/load/flood.ts',
    flood: (target, plan) => flood(processes, { ...target, ...plan }),
  }
}

/** Our own generator, which can also stop after a number of requests. */
export async function flood(processes: Processes, settings: FloodSettings): Promise<FloodResult> {
  const running = processes.startEntry('./load/flood.ts', 'load', settings)
  return (await running.nextLine()) as FloodResult
}
