import { once } from 'node:events'
import type { Io } from '../io.ts'
import { shown } from './shown.ts'

/** Data goes to stdout, talk to stderr, and never the other way round. */
export interface Output {
  readonly json: boolean
  /** The result: the document with `--json`, else the text. */
  result(document: unknown, text: string): Promise<void>
  /** One line for the person who waits; nothing with `--quiet`. */
  say(line: string): void
  /** As `say`, but the next line may replace it where a person watches; elsewhere it is left out. */
  sayBriefly(line: string): void
}

export function createOutput(io: Io, options: { json: boolean; quiet: boolean }): Output {
  let brief = false
  const write = (line: string) => {
    if (options.quiet) return
    io.stderr.write(`${brief ? '\r\u001b[K' : ''}${line}`)
  }
  return {
    json: options.json,
    async result(document, text) {
      if (brief) write('')
      const body = options.json ? JSON.stringify(document, null, 2) : shown(text)
      if (!io.stdout.write(`${body}\n`)) await once(io.stdout, 'drain')
    },
    say(line) {
      write(`${shown(line)}\n`)
      brief = false
    },
    sayBriefly(line) {
      if (!io.talksToPerson) return
      write(shown(line))
      brief = true
    },
  }
}
