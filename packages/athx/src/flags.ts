import type { Command } from 'commander'
import { UsageError } from './usage-error.ts'

/** The flags of one run, by their long names in camelCase. */
export interface Flags {
  text(name: string): string | undefined
  on(name: string): boolean
  list(name: string): readonly string[]
}

export function readFlags(values: Readonly<Record<string, unknown>>): Flags {
  return {
    text: (name) => (typeof values[name] === 'string' ? values[name] : undefined),
    on: (name) => values[name] === true,
    list: (name) => (Array.isArray(values[name]) ? (values[name] as string[]) : []),
  }
}

/** `30`, `30s`, `10m`, `2h` or `7d` in seconds. */
export function readDuration(text: string, what: string): number {
  const match = /^(\d+(?:\.\d+)?)(s|m|h|d)?$/.exec(text)
  const seconds = Number(match?.[1]) * { s: 1, m: 60, h: 3600, d: 86_400 }[match?.[2] ?? 's']!
  if (match && seconds > 0) return seconds
  throw new UsageError(`${what} is not a duration: ${text}`, 'write 30, 30s, 10m, 2h or 7d')
}

/** `--scopes` and `--scope`: one of them, whichever was written. */
export function addScopeOptions(command: Command, what: string): void {
  command.option('--scopes <list>', what).option('--scope <list>', 'the same as --scopes')
}

export const scopesOf = (flags: Flags): readonly string[] =>
  readScopes(flags.text('scopes') ?? flags.text('scope'))

/** `a,b` or `a b`, each once. */
export function readScopes(text: string | undefined): readonly string[] {
  const scopes = [...new Set((text ?? '').split(/[\s,]+/).filter((scope) => scope !== ''))]
  if (scopes.length > 0) return scopes
  throw new UsageError('no scopes were given', 'add --scopes a,b; `athx discover` lists them')
}
