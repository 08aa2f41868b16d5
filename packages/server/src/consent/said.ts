import type { ConsentDecision } from '../ports/consent-desk.ts'
import type { ConsentRequest } from '../ports/consents.ts'
import type { ConsentAnswer } from './decide-consent.ts'

/** What a person said at our desk, as an answer to decide on. */
export function answerOf(
  consent: Pick<ConsentRequest, 'longestSeconds'>,
  said: Exclude<ConsentDecision, { kind: 'answer' }>,
  ip: string,
): ConsentAnswer {
  if (said.kind === 'deny') return { ...denialOf(said.userId, 'session'), ip }
  const { kind: _, ...approval } = said
  const lifetimeSeconds = Math.min(approval.lifetimeSeconds, consent.longestSeconds)
  return { ...approval, approved: true, lifetimeSeconds, ip }
}

export const denialOf = (
  userId: ConsentAnswer['userId'],
  method: ConsentAnswer['method'],
): ConsentAnswer => ({ approved: false, userId, scopes: [], lifetimeSeconds: 0, method })
