import type { Command } from 'commander'
import type { ExitCode } from './exit-code.ts'
import type { RunContext } from './run-context.ts'

/** One verb. Three examples are not optional: they are what people read first. */
export interface CommandSpec {
  /** Name and arguments, as commander writes them. */
  readonly usage: string
  /** How the arguments are shown, where commander cannot write it. */
  readonly synopsis?: string
  readonly summary: string
  readonly examples: readonly [string, string, string]
  /** What usually comes after. */
  readonly next: string
  readonly options?: (command: Command) => void
  readonly run?: (
    context: RunContext,
    args: readonly string[],
    command: Command,
  ) => Promise<ExitCode | void>
  readonly commands?: readonly CommandSpec[]
}
