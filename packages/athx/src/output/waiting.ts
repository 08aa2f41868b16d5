import { localTime } from './time-left.ts'

/** Seconds from its start that a question to the user stays open (R66). */
const questionLifetimeSeconds = 600

export interface Wait {
  /** Unix seconds. */
  readonly startedAt: number
  /** As `--wait-timeout` says. */
  readonly limitSeconds: number | undefined
  /** Where the user answers; empty where that is not known here. */
  readonly url?: string
}

/** Said before the first pause: what a command waits for, how long, and how to change that. */
export function waitingLine({ startedAt, limitSeconds, url = '' }: Wait, now: number): string {
  const until =
    limitSeconds === undefined ? startedAt + questionLifetimeSeconds : now + limitSeconds
  const where = url === '' ? '' : `: ${url}`
  return `waiting for the user, until ${localTime(until, now)}${where} (Ctrl-C stops; --wait-timeout changes it)`
}
