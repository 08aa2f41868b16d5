import { once } from 'node:events'
import type { Consent } from './consent.ts'

/** A person at the terminal opens the address and presses Enter when they have answered. */
export function printConsent(input: NodeJS.ReadableStream, say: (line: string) => void): Consent {
  return {
    async answer(url, decision) {
      say(`Open this and choose to ${decision}, then press Enter:\n  ${url}`)
      input.resume()
      await once(input, 'data')
      input.pause()
    },
  }
}
