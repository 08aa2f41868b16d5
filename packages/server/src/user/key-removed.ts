import type { UserId } from '@ath-protocol/types'
import type { AthPorts } from '../endpoint/ports.ts'
import { endSession } from '../grant/end-session.ts'
import type { NineStepPorts, Session } from '../ports/nine-step.ts'
import { keyIdOf } from './registered-key.ts'

type Opened = Pick<Session, 'userId' | 'credentialId' | 'handshakeId'>

/** After a person removed a key: whoever had it, what it signed opens nothing any more. */
export async function endSessionsOfKey(
  ports: AthPorts,
  userId: UserId,
  thumbprint: string,
): Promise<void> {
  const { nineStep } = ports
  const liveAt = ports.clock.now()
  for (const session of (await nineStep?.sessions.list({ userId, liveAt })) ?? [])
    if (nineStep && (await keysBehind(ports, nineStep, session)).includes(thumbprint))
      await endSession(ports, session, 'user')
}

/** Whether every key of the person that a session rests on is still registered. */
export async function keysStand(
  ports: AthPorts,
  nineStep: NineStepPorts,
  opened: Opened,
): Promise<boolean> {
  for (const thumbprint of await keysBehind(ports, nineStep, opened))
    if ((await nineStep.userKeys.find(thumbprint))?.userId !== opened.userId) return false
  return true
}

/** The keys that signed the credential and the answer. Those of an answer are known for a day. */
async function keysBehind(
  { consents }: AthPorts,
  { preAuthorizations }: NineStepPorts,
  { userId, credentialId, handshakeId }: Opened,
): Promise<readonly string[]> {
  const credential = await preAuthorizations.find(userId, credentialId)
  const decision = (await consents.findByHandshake(handshakeId))?.decision
  const answered =
    decision?.method === 'key' && decision.message !== undefined
      ? keyIdOf((JSON.parse(decision.message) as { signature: string }).signature)
      : undefined
  return [credential?.signedBy, answered].filter((key) => key !== undefined)
}
