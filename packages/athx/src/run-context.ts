import type { Flags } from './flags.ts'
import type { Io } from './io.ts'
import type { Output } from './output/output.ts'
import type { ConfigFile } from './state/config-file.ts'

/** What a command gets: where to talk, what was asked, what is kept. */
export interface RunContext {
  readonly io: Io
  readonly out: Output
  readonly flags: Flags
  readonly home: string
  readonly config: ConfigFile
}
