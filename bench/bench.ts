import type { Generator } from './load/generator.ts'
import type { Plan } from './options.ts'
import type { Processes } from './processes.ts'

/** What every measurement needs. */
export interface Bench {
  readonly plan: Plan
  readonly processes: Processes
  readonly generator: Generator
  readonly upstream: { readonly short: number; readonly long: number }
  /** Says what is going on, on stderr. */
  readonly say: (text: string) => void
}

export const loopback = (port: number): string => `http://127.0.0.1:${port}`

/** Each round another one goes first, so that no subject always has the same place. */
export function rotate<Item>(items: readonly Item[], round: number): readonly Item[] {
  const first = round % Math.max(1, items.length)
  return [...items.slice(first), ...items.slice(0, first)]
}
