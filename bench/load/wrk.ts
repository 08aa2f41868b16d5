import type { FloodResult } from './flood.ts'

const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60 }

/** Reads what wrk prints at its end. Throws when an answer was not a good one: such figures mean nothing. */
export function parseWrk(text: string): FloodResult {
  const found = /^\s*(\d+) requests in ([\d.]+)(ms|s|m),/m.exec(text)
  const fault = /^\s*(Socket errors: .*|Non-2xx or 3xx responses: .*)$/m.exec(text)?.[1]
  if (!found || (fault !== undefined && !/connect 0, read 0, write 0/.test(fault)))
    throw new Error(`wrk: ${fault ?? text}`)
  return {
    requests: Number(found[1]),
    seconds: Number(found[2]) * (units[found[3] as string] as number),
  }
}
