import { printable } from '../config/problem.ts'
import type { Style } from './terminal.ts'

/** Why a command ends without doing what was asked: what was tried, why not, and what to do. */
export class Complaint extends Error {
  readonly exitCode: number
  readonly tried: string | undefined
  readonly fix: string | undefined

  constructor(
    exitCode: number,
    problem: string,
    more: { readonly tried?: string; readonly fix?: string } = {},
  ) {
    super(problem)
    this.exitCode = exitCode
    this.tried = more.tried
    this.fix = more.fix
  }
}

/** For people, on stderr. */
export function writeComplaint(complaint: Complaint, style: Style): string {
  const lines = [`${style.red('error')}  ${printable(complaint.message)}`]
  if (complaint.tried !== undefined) lines.push(`tried  ${printable(complaint.tried)}`)
  if (complaint.fix !== undefined) lines.push(`fix    ${printable(complaint.fix)}`)
  return `${lines.join('\n')}\n`
}

/** For machines, on stdout under `--json`. */
export function describeComplaint(complaint: Complaint): object {
  return {
    ok: false,
    error: {
      problem: complaint.message,
      ...(complaint.tried === undefined ? {} : { tried: complaint.tried }),
      ...(complaint.fix === undefined ? {} : { fix: complaint.fix }),
      exit_code: complaint.exitCode,
    },
  }
}
