import type { UserId } from '@ath-protocol/types'
import type { AthPorts } from '../endpoint/ports.ts'
import { endSession } from '../grant/end-session.ts'

/**
 * Revokes what a person allowed ahead, also one that was never shown here, and ends every session that was opened with
 * it. False when it had been revoked before; sessions that are left are ended all the same.
 */
export async function revokeCredential(
  ports: AthPorts,
  userId: UserId,
  id: string,
): Promise<boolean> {
  const { nineStep } = ports
  if (!nineStep) return false
  const now = ports.clock.now()
  const revoked = await nineStep.preAuthorizations.revoke(userId, id, now)
  if (revoked) {
    ports.audit.record({
      event: 'credential_revoked',
      outcome: 'allowed',
      user_id: userId,
      decided_by: 'user',
      evidence: { credential_id: id },
    })
    await ports.audit.settled()
  }
  // Of this person alone: another may have named a credential the same.
  const sessions = await nineStep.sessions.list({ credentialId: id, userId, liveAt: now })
  for (const session of sessions) await endSession(ports, session, 'user')
  return revoked
}
