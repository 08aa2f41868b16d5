import { AthError } from '@ath-protocol/client'
import { type ExitCode, exitCodeOf } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { UsageError } from '../usage-error.ts'
import { shown } from './shown.ts'

/** Writes what went wrong to stderr, with the way out, and says how to exit. */
export function report(error: unknown, io: Io, json: boolean): ExitCode {
  if (io.interrupted.aborted) {
    io.stderr.write('\nathx: interrupted\n')
    return 130
  }
  const problem = describe(error)
  if (json) io.stderr.write(`${JSON.stringify(problem)}\n`)
  else io.stderr.write(`${render(problem)}\n`)
  return exitCodeOf(problem.code)
}

interface Described {
  readonly code: string
  readonly message: string
  readonly fix: string
  readonly doc_url?: string
  readonly status?: number
  readonly retryable?: boolean
  readonly details?: Readonly<Record<string, unknown>>
  readonly instance?: string
}

function describe(error: unknown): Described {
  if (error instanceof AthError) return error.toJSON() as unknown as Described
  if (error instanceof UsageError)
    return { code: error.code, message: error.message, fix: error.fix }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'FAILED', message, fix: 'if this is a fault of athx, report it with this message' }
}

function render(problem: Described): string {
  const { code, message, fix, details = {}, instance } = problem
  const lines = [`athx: ${code}  ${message}`]
  const tell = (label: string, value: unknown) => {
    if (typeof value === 'string' && value !== '') lines.push(`  ${label.padEnd(6)} ${value}`)
    else if (Array.isArray(value) && value.length > 0)
      lines.push(`  ${label.padEnd(6)} ${value.map(brief).join(', ')}`)
  }
  tell('did', details['did'])
  tell('key', details['thumbprint'])
  tell('rule', details['rule'])
  tell('why', details['reason'])
  tell('has', details['approved'])
  tell('offers', details['offered'])
  tell('wrong', details['errors'])
  tell('open', details['authorization_url'])
  tell('fix', fix)
  if (problem.doc_url) tell('more', `athx help ${code}`)
  tell('quote', instance)
  return shown(lines.join('\n'))
}

const brief = (value: unknown) =>
  typeof value === 'object' && value !== null && 'path' in value && 'problem' in value
    ? [value.path, value.problem].filter((part) => part !== '').join(': ')
    : String(value)
