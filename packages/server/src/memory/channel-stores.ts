import type { ConsentId, UserId } from '@ath-protocol/types'
import type {
  ChannelIdentity,
  ChannelIdentityStore,
  Delivery,
  DeliveryStore,
} from '../ports/channels.ts'

/** Who somebody is in which channel, in process memory. */
export class InMemoryChannelIdentityStore implements ChannelIdentityStore {
  readonly #byExternal = new Map<string, ChannelIdentity>()
  readonly #byUser = new Map<string, ChannelIdentity>()

  async findByExternal(channel: string, externalId: string): Promise<ChannelIdentity | undefined> {
    return this.#byExternal.get(nameOf(channel, externalId))
  }

  async findByUser(channel: string, userId: UserId): Promise<ChannelIdentity | undefined> {
    return this.#byUser.get(nameOf(channel, userId))
  }

  async upsert(identity: ChannelIdentity): Promise<void> {
    const external = nameOf(identity.channel, identity.externalId)
    const user = nameOf(identity.channel, identity.userId)
    const replaced = [this.#byExternal.get(external), this.#byUser.get(user)]
    for (const old of replaced) {
      if (!old) continue
      this.#byExternal.delete(nameOf(old.channel, old.externalId))
      this.#byUser.delete(nameOf(old.channel, old.userId))
    }
    this.#byExternal.set(external, identity)
    this.#byUser.set(user, identity)
  }
}

/** What was sent about which question, in process memory. */
export class InMemoryDeliveryStore implements DeliveryStore {
  readonly #byName = new Map<string, Delivery>()

  async insert(delivery: Delivery): Promise<void> {
    const { consentId, channel, reference } = delivery
    const name = nameOf(consentId, channel, reference)
    if (!this.#byName.has(name)) this.#byName.set(name, delivery)
  }

  async list(consentId: ConsentId): Promise<readonly Delivery[]> {
    return [...this.#byName.values()]
      .filter((delivery) => delivery.consentId === consentId)
      .sort((a, b) => a.sentAt - b.sentAt)
  }

  async sweep(before: number): Promise<number> {
    let swept = 0
    for (const [name, { sentAt }] of this.#byName)
      if (sentAt < before && this.#byName.delete(name)) swept++
    return swept
  }
}

const nameOf = (...parts: readonly string[]): string => JSON.stringify(parts)
