import type { ConsentId, UserId } from '@ath-protocol/types'

/** Who somebody is in a channel (U7): who presses a button there is this user, or nobody. */
export interface ChannelIdentity {
  /** The configured name of the channel. */
  readonly channel: string
  /** The channel's own stable id of the person: never a display name. */
  readonly externalId: string
  readonly userId: UserId
  readonly learnedAt: number
}

/** All methods are durable when they return. */
export interface ChannelIdentityStore {
  findByExternal(channel: string, externalId: string): Promise<ChannelIdentity | undefined>
  findByUser(channel: string, userId: UserId): Promise<ChannelIdentity | undefined>
  /** Writes it down in the place of whatever tied either of the two before: in a channel a user has one id, and an id one user. */
  upsert(identity: ChannelIdentity): Promise<void>
}

/** A question as it was brought to its person by one channel: what must be replaced once there is an answer. */
export interface Delivery {
  readonly consentId: ConsentId
  readonly channel: string
  /** How the channel calls the message, so that it can be changed. */
  readonly reference: string
  readonly sentAt: number
}

/** All methods are durable when they return. */
export interface DeliveryStore {
  insert(delivery: Delivery): Promise<void>
  /** Oldest first. */
  list(consentId: ConsentId): Promise<readonly Delivery[]>
  /** Removes what was sent before `before`. */
  sweep(before: number): Promise<number>
}
