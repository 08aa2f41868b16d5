import type { Readable, Writable } from 'node:stream'

/** The process as commands see it; only `main.ts` touches the real one. */
export interface Io {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  /** Whether a person reads stderr. */
  readonly talksToPerson: boolean
  /** Whether stdout is a terminal. */
  readonly printsToTerminal: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly homeDir: string
  readonly cwd: string
  /** Aborted on SIGINT and SIGTERM. */
  readonly interrupted: AbortSignal
  readonly nodeVersion: string
  /** Unix seconds. */
  now(): number
}
