import { readFile } from 'node:fs/promises'
import { text as readText } from 'node:stream/consumers'
import type { Io } from './io.ts'
import { UsageError } from './usage-error.ts'

/**
 * A secret by reference: `-` is stdin, `@file` a file. The secret itself is refused: every process on the machine can
 * read the arguments of every other, and shells keep them in their history.
 */
export async function readSecret(flag: string, value: string, io: Io): Promise<string> {
  if (value === '-') return (await readText(io.stdin)).trim()
  if (value.startsWith('@')) return (await readFile(value.slice(1), 'utf8')).trim()
  throw refuseSecret(flag, `${flag} - (stdin), ${flag} @file`)
}

export function refuseSecret(flag: string, instead: string): UsageError {
  return new UsageError(
    `${flag} takes no secret: arguments are visible to every process on this machine`,
    `use ${instead}`,
  )
}
