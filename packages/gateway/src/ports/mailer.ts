import type { Result } from '@ath-protocol/types'
import type { Language } from '@ath-protocol/server/parts'

export interface Mail {
  /** One plain address, checked. */
  readonly to: string
  readonly language: Language
  readonly subject: string
  readonly text: string
  readonly html: string
}

export type MailFault =
  | { readonly kind: 'unreachable'; readonly detail: string }
  | { readonly kind: 'refused'; readonly code: string }

/** Hands mails to the operator's mail server. */
export interface Mailer {
  send(mail: Mail, signal: AbortSignal): Promise<Result<void, MailFault>>
  close(): void
}
