import type { AthAnswer, AthCall } from '@ath-protocol/server'
import type { ConsentId, Result } from '@ath-protocol/types'
import type { Person } from '@ath-protocol/server/parts'
import type { OutcomeCard, QuestionCard } from './card.ts'

/** Why a message did not get through. */
export type DeliveryFault =
  /** The channel knows nobody with the person's e-mail address, or the person has none. */
  | { readonly kind: 'no_address' }
  /** No connection, no answer in time, or a 5xx: worth one more try. */
  | { readonly kind: 'unreachable'; readonly detail: string }
  | { readonly kind: 'limited' }
  /** The vendor said no: a wrong token, a missing permission. `code` is the vendor's own. */
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'unreadable' }

export interface Delivered {
  /** How the channel calls the message, for `settle`. Empty: it cannot be changed later. */
  readonly reference: string
  /** The channel's own id of the person, where it has one: whose buttons count. */
  readonly externalId?: string
}

/** The person, and what the channel calls them if that is known. */
export interface Addressee {
  readonly person: Person
  readonly externalId?: string
}

/** One way to bring a question to a person. None of its methods throws. */
export interface Channel {
  /** As configured: in records, in callback paths and in `chat:<name>`. */
  readonly name: string
  /** Whether a button pressed there can come back to us. */
  readonly hasButtons: boolean
  deliver(
    card: QuestionCard,
    to: Addressee,
    signal: AbortSignal,
  ): Promise<Result<Delivered, DeliveryFault>>
  /** Replaces the message by what became of the question. */
  settle?(
    reference: string,
    card: OutcomeCard,
    signal: AbortSignal,
  ): Promise<Result<void, DeliveryFault>>
  /** The person's id in this channel, looked up at the vendor by e-mail address; undefined when there is nobody. */
  findAddress?(
    person: Person,
    signal: AbortSignal,
  ): Promise<Result<string | undefined, DeliveryFault>>
  /** What the vendor posts to `/ath/channels/<name>`. */
  answer?(call: AthCall, press: PressButton): Promise<CallbackAnswer>
}

/** An answer to a callback; `refused` says why nothing was taken from it. */
export interface CallbackAnswer {
  readonly answer: AthAnswer
  readonly refused?: CallbackFault
}

export type CallbackFault =
  | 'callback_method'
  | 'callback_malformed'
  | 'callback_signature'
  | 'callback_stale'
  | 'callback_replayed'

/** A button, as its signed callback says. */
export interface Press {
  readonly externalId: string
  readonly consentId: ConsentId
  readonly action: 'approve' | 'deny'
  /** Names this callback among all of the channel: it counts once. */
  readonly eventId: string
}

export type PressButton = (press: Press) => Promise<Pressed>

/** What became of a press. */
export type Pressed =
  /** Decided, by this press or an earlier answer. */
  | { readonly kind: 'decided'; readonly card: OutcomeCard }
  /** Nothing was decided: the question must be answered on its page. */
  | { readonly kind: 'review'; readonly title: string; readonly link: string }
  /** No such question, or it has expired. */
  | { readonly kind: 'gone'; readonly title: string }
  /** The same callback came before. */
  | { readonly kind: 'replayed'; readonly title: string }
