import { fail, ok } from '@ath-protocol/types'
import type { EmailChannel } from '../config/channels.ts'
import type { Mailer } from '../ports/mailer.ts'
import type { Channel } from './channel.ts'
import { renderEmail } from './render/email.ts'

/** A mail to the address that the person's log-in gives. Link only: whoever forwards a mail forwards its buttons. */
export function createEmail(config: EmailChannel, mailer: Mailer): Channel {
  return {
    name: config.name,
    hasButtons: false,
    async deliver(card, { person }, signal) {
      if (person.email === undefined || !isAddress(person.email))
        return fail({ kind: 'no_address' })
      const sent = await mailer.send(
        { to: person.email, language: card.language, ...renderEmail(card) },
        signal,
      )
      return sent.ok ? ok({ reference: '' }) : sent
    },
  }
}

/** One plain address: no list, no display name, no line break (RFC 5321 §4.1.2, without quoted names). */
const isAddress = (text: string): boolean =>
  /^[^\s<>()[\]\\,;:"@]{1,64}@[^\s<>()[\]\\,;:"@]{1,255}$/.test(text)
