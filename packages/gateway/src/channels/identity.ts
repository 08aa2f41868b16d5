import { type Clock, fail, ok, type Result, type UserId } from '@ath-protocol/types'
import type { ChannelIdentityStore, Person } from '@ath-protocol/server/parts'
import type { Addressee, Channel, DeliveryFault } from './channel.ts'

/** A vendor wants its answer within 3 seconds; the look-up is the smaller part of it. */
const lookUpMilliseconds = 1500

interface IdentityPorts {
  readonly identities: ChannelIdentityStore
  readonly clock: Clock
}

/**
 * Which user presses a button: one whom we know there by a message of ours, or the person who was asked, when the vendor
 * knows them by the e-mail address of their log-in. Never what a callback says about anybody.
 */
export async function whoPresses(
  ports: IdentityPorts,
  channel: Pick<Channel, 'name' | 'findAddress'>,
  externalId: string,
  asked: Person,
): Promise<UserId | undefined> {
  const known = await ports.identities.findByExternal(channel.name, externalId)
  if (known) return known.userId
  const found = await channel.findAddress?.(asked, AbortSignal.timeout(lookUpMilliseconds))
  if (!found?.ok || found.value !== externalId) return undefined
  await learnIdentity(ports, channel.name, externalId, asked.id)
  return asked.id
}

/** What the vendor calls the person a message is for: as known, else looked up. */
export async function addressOf(
  { person, externalId }: Addressee,
  findAddress: NonNullable<Channel['findAddress']>,
  signal: AbortSignal,
): Promise<Result<string, DeliveryFault>> {
  if (externalId !== undefined) return ok(externalId)
  const found = await findAddress(person, signal)
  if (!found.ok) return found
  return found.value === undefined ? fail({ kind: 'no_address' }) : ok(found.value)
}

export async function learnIdentity(
  { identities, clock }: IdentityPorts,
  channel: string,
  externalId: string,
  userId: UserId,
): Promise<void> {
  const known = await identities.findByUser(channel, userId)
  if (known?.externalId === externalId) return
  await identities.upsert({ channel, externalId, userId, learnedAt: clock.now() })
}
