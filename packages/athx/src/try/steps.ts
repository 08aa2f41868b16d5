import { performance } from 'node:perf_hooks'
import { AthError } from '@ath-protocol/client'
import { adviceFor } from './advice.ts'
import type { Exchange, ExchangeLog } from './exchange-log.ts'
import { TryFault } from './try-fault.ts'

/** One step of a try, as it is printed. */
export interface Step {
  readonly number: number
  readonly step: string
  readonly method: string | undefined
  readonly url: string | undefined
  readonly status: number | undefined
  readonly milliseconds: number
  /** `skipped`: there was nothing to try, and nothing is wrong. */
  readonly outcome: 'ok' | 'failed' | 'skipped'
  readonly learnt: string
  readonly code?: string | undefined
  readonly fix?: string | undefined
}

/** What an act learnt, and its value for later steps. */
export interface Learnt<T> {
  readonly value: T
  readonly learnt: string
}

/** Thrown after a step that failed has been told: what builds on it cannot be tried. */
export class Stopped extends Error {
  override readonly name = 'Stopped'
}

/** Thrown by an act that finds nothing to try. */
export class Skipped extends Error {
  override readonly name = 'Skipped'
}

export interface Steps {
  readonly all: readonly Step[]
  /** A step on which the rest builds. */
  must<T>(name: string, act: () => Promise<Learnt<T>>): Promise<T>
  /** A step that is over already: what was asked since the last one belongs to it. */
  note(name: string, learnt: string): Promise<void>
  /** A step after which the rest goes on, whatever it finds. */
  check(name: string, act: () => Promise<string>): Promise<boolean>
}

export function createSteps(
  log: ExchangeLog,
  tell: (step: Step) => Promise<void>,
  signal: AbortSignal,
): Steps {
  const all: Step[] = []
  const add = async (step: Omit<Step, 'number'>) => {
    const numbered = { number: all.length + 1, ...step }
    all.push(numbered)
    await tell(numbered)
  }
  const attempt = async <T>(name: string, act: () => Promise<Learnt<T>>) => {
    log.take()
    const started = performance.now()
    const facts = () => factsOf(log.take(), performance.now() - started)
    try {
      const { value, learnt } = await act()
      await add({ step: name, ...facts(), outcome: 'ok', learnt })
      return { value }
    } catch (error) {
      if (signal.aborted) throw error
      if (error instanceof Skipped)
        await add({ step: name, ...facts(), outcome: 'skipped', learnt: error.message })
      else await add({ step: name, ...facts(), outcome: 'failed', ...describe(name, error) })
      return undefined
    }
  }
  return {
    all,
    async must(name, act) {
      const done = await attempt(name, act)
      if (done) return done.value
      throw new Stopped()
    },
    note: (name, learnt) => {
      const exchanges = log.take()
      const elapsed = exchanges.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
      return add({ step: name, ...factsOf(exchanges, elapsed), outcome: 'ok', learnt })
    },
    check: async (name, act) =>
      (await attempt(name, async () => ({ value: undefined, learnt: await act() }))) !== undefined,
  }
}

function factsOf(exchanges: readonly Exchange[], elapsed: number) {
  const last = exchanges.at(-1)
  return {
    method: last?.method,
    url: last?.url,
    status: last?.status,
    milliseconds: exchanges.length === 1 && last ? last.milliseconds : elapsed,
  }
}

function describe(name: string, error: unknown): Pick<Step, 'learnt' | 'code' | 'fix'> {
  if (error instanceof TryFault) return { learnt: error.message, fix: error.fix }
  if (error instanceof AthError)
    return {
      learnt: `${error.code}: ${error.message}`,
      code: error.code,
      fix: adviceFor(name, error),
    }
  return {
    learnt: error instanceof Error ? error.message : String(error),
    fix: 'if this is a fault of athx, report it with this message',
  }
}
