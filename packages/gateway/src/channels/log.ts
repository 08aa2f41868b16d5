import { ok } from '@ath-protocol/types'
import { printable } from '../config/problem.ts'
import type { LogLine } from '@ath-protocol/server/parts'
import type { Channel } from './channel.ts'

/** Writes the link to the gateway's own log: for development, where the person sits at the terminal. */
export function createLogChannel(name: string, log: (line: LogLine) => void): Channel {
  return {
    name,
    hasButtons: false,
    async deliver(card) {
      log({
        level: 'info',
        event: 'confirmation_requested',
        message: `${printable(card.title)}: ${card.link}`,
        details: { reference: card.reference.value, risk: card.risk },
      })
      return ok({ reference: '' })
    },
  }
}
