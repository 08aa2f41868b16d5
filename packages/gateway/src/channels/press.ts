import {
  type AthPorts,
  type ConsentRequest,
  decideConsent,
  type ReplayStore,
  requestReference,
} from '@ath-protocol/server'
import type { UserId } from '@ath-protocol/types'
import type { ChannelIdentityStore, Language, LoginStore } from '@ath-protocol/server/parts'
import { outcomeCard } from './card.ts'
import type { Channel, Press, Pressed } from './channel.ts'
import { whoPresses } from './identity.ts'
import { channelWords } from './words.ts'

export interface PressPorts extends AthPorts {
  readonly identities: ChannelIdentityStore
  readonly logins: Pick<LoginStore, 'findUser'>
  /** Callbacks that were seen. */
  readonly callbacks: ReplayStore
}

/** A callback is remembered beyond the window in which its signature is taken. */
const rememberedSeconds = 900

/**
 * Takes a press whose signature was checked: once, from the person who was asked, for what a chat may decide. All else
 * changes nothing and is answered with the link; a second tap shows the first answer.
 */
export async function pressButton(
  ports: PressPorts,
  channel: Pick<Channel, 'name' | 'findAddress'>,
  language: Language,
  { externalId, consentId, action, eventId }: Press,
): Promise<Pressed> {
  const { gone } = channelWords[language]
  const until = ports.clock.now() + rememberedSeconds
  if (!(await ports.callbacks.claim(`channel ${channel.name}`, eventId, until))) {
    await recordRefusal(ports, channel.name, undefined, 'callback_replayed')
    return { kind: 'replayed', title: gone }
  }
  const consent = await ports.consents.find(consentId)
  const asked =
    consent?.userId === undefined ? undefined : await ports.logins.findUser(consent.userId)
  if (!consent || !asked) return { kind: 'gone', title: gone }
  const userId = await whoPresses(ports, channel, externalId, asked)
  if (userId !== asked.id) {
    const reason = userId === undefined ? 'channel_identity_unknown' : 'consent_of_other_user'
    await recordRefusal(ports, channel.name, consent, reason, { userId, externalId })
    return review(ports, consent, language)
  }
  return decide(ports, channel.name, language, consent, userId, action)
}

async function decide(
  ports: PressPorts,
  channel: string,
  language: Language,
  consent: ConsentRequest,
  userId: UserId,
  action: Press['action'],
): Promise<Pressed> {
  const approved = action === 'approve'
  const result = await decideConsent(ports, consent, {
    approved,
    userId,
    scopes: approved ? consent.offered : [],
    lifetimeSeconds: approved ? consent.longestSeconds : 0,
    method: `chat:${channel}`,
  })
  const standing = result.ok ? result.value : await ports.consents.find(consent.id)
  if (!standing) return { kind: 'gone', title: channelWords[language].gone }
  if (!standing.decision && ports.clock.now() < standing.expiresAt)
    return review(ports, standing, language)
  // Whoever could still press has not seen what became of it.
  if (!result.ok) await ports.nineStep?.notifier.settled(standing)
  const agent = await ports.registry.findByClientId(consent.clientId)
  return {
    kind: 'decided',
    card: outcomeCard({ config: ports.config, consent: standing, agent, language }),
  }
}

const review = (
  { config }: Pick<AthPorts, 'config'>,
  { id }: ConsentRequest,
  language: Language,
): Pressed => ({
  kind: 'review',
  title: channelWords[language].pressedByOther,
  link: `${config.baseUrl}/ath/confirm/${id}`,
})

async function recordRefusal(
  { audit }: Pick<AthPorts, 'audit'>,
  channel: string,
  consent: ConsentRequest | undefined,
  reason: string,
  who: { readonly userId?: UserId | undefined; readonly externalId?: string } = {},
): Promise<void> {
  audit.record({
    event: 'request_refused',
    reached: 'consent',
    outcome: 'denied',
    denial_reason: reason,
    auth_method: `chat:${channel}`,
    user_id: who.userId,
    ...(who.externalId === undefined
      ? {}
      : { evidence: { external_id: who.externalId.slice(0, 200) } }),
    ...(consent
      ? {
          agent_id: consent.agentId,
          client_id: consent.clientId,
          handshake_id: consent.handshake.id,
          consent_id: requestReference(consent.id),
        }
      : {}),
  })
  await audit.settled()
}
