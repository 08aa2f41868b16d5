import { printable } from '../config/problem.ts'
import type { LogLine } from '@ath-protocol/server/parts'
import type { Context } from './context.ts'

/** Where log lines go: JSON on stdout under `--json`, else sentences on stderr. */
export function createLogWriter({ terminal, style, json }: Context): (line: LogLine) => void {
  return ({ level, event, message, details }) => {
    const at = new Date().toISOString()
    if (json) {
      terminal.out(`${JSON.stringify({ at, level, event, message, ...details })}\n`)
      return
    }
    const paint = level === 'error' ? style.red : level === 'warn' ? style.yellow : style.dim
    const more = details === undefined ? '' : ` ${style.dim(printable(JSON.stringify(details)))}`
    terminal.err(`${style.dim(at)} ${paint(level)} ${printable(message)}${more}\n`)
  }
}
