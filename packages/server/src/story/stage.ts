import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import { DependencyDown } from './dependency-down.ts'

/**
 * One chapter of a request's way: what it needs from the exchange, and what it adds to it. A stage answers at once
 * where it can: the hot path then runs without a single promise.
 */
export type Stage<Ports, Needs, Gives> = (
  ports: Ports,
  exchange: Needs,
) => Result<Gives, Failure> | Promise<Result<Gives, Failure>>

/** How far an exchange came, what was known by then, and how it ended. */
export interface Outcome<Last> {
  /** The stage that decided: the one that refused, or the last. */
  readonly reached: string
  readonly gathered: Partial<Last>
  readonly result: Result<Last, Failure>
}

/** Stages in the order they run. A stage placed before one that gives what it needs does not compile. */
export interface Story<Ports, First, Last> {
  readonly names: readonly string[]
  stage<Gives extends object>(
    name: string,
    run: Stage<Ports, Last, Gives> & NoClash<Last, Gives>,
  ): Story<Ports, First, Last & Gives>
  tell(ports: Ports, first: First): Outcome<Last> | Promise<Outcome<Last>>
}

/** A stage may not overwrite what an earlier one established. */
type NoClash<Last, Gives> = keyof Last & keyof Gives extends never ? unknown : never

interface Step {
  readonly name: string
  readonly run: Stage<unknown, object, object>
}

export function story<Ports, First extends object>(): Story<Ports, First, First> {
  return build([])
}

function build<Ports, First extends object, Last extends object>(
  steps: readonly Step[],
): Story<Ports, First, Last> {
  return {
    names: steps.map((step) => step.name),
    stage: (name, run) => build([...steps, { name, run: run as unknown as Step['run'] }]),
    tell: (ports, first) =>
      runFrom(steps, 0, ports, { ...first }) as Outcome<Last> | Promise<Outcome<Last>>,
  }
}

function runFrom(
  steps: readonly Step[],
  start: number,
  ports: unknown,
  exchange: object,
): Outcome<object> | Promise<Outcome<object>> {
  for (let index = start; index < steps.length; index++) {
    const step = steps[index] as Step
    let result: Result<object, Failure> | Promise<Result<object, Failure>>
    try {
      result = step.run(ports, exchange)
    } catch (cause) {
      result = bug(cause)
    }
    if (result instanceof Promise)
      return result.catch(bug).then((settled) => {
        if (!settled.ok) return { reached: step.name, gathered: exchange, result: settled }
        Object.assign(exchange, settled.value)
        return runFrom(steps, index + 1, ports, exchange)
      })
    if (!result.ok) return { reached: step.name, gathered: exchange, result }
    Object.assign(exchange, result.value)
  }
  return { reached: steps.at(-1)?.name ?? 'receive', gathered: exchange, result: ok(exchange) }
}

const bug = (cause: unknown): Result<never, Failure> =>
  cause instanceof DependencyDown
    ? fail({ reason: 'dependency_down', dependency: cause.dependency, cause: cause.message })
    : fail({ reason: 'bug', cause })
