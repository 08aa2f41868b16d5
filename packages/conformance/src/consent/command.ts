import { spawn } from 'node:child_process'
import { Unavailable } from '../check/verdict.ts'
import type { Consent } from './consent.ts'

/**
 * A command of the caller's answers: `{url}` and `{approve|deny}` in it are replaced. It is run without a shell, split
 * at blanks, and has answered when it exits with 0.
 */
export function commandConsent(command: string): Consent {
  return {
    async answer(url, decision) {
      const [program = '', ...args] = command
        .split(/\s+/)
        .map((part) => part.replaceAll('{url}', url).replaceAll('{approve|deny}', decision))
      const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] })
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once('error', reject)
        child.once('close', resolve)
      }).catch((cause: unknown) => {
        throw new Unavailable(`the consent command ${program} cannot be run: ${String(cause)}`)
      })
      if (code !== 0) throw new Unavailable(`the consent command ${program} ended with ${code}`)
    },
  }
}
