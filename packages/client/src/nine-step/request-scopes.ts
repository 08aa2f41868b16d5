import {
  canonicalWithout,
  checkScopeResult,
  handshakeTyp,
  presentationPayload,
  type ScopeResult,
  signDetached,
} from '@ath-protocol/types'
import { AthError } from '../ath-error.ts'
import { awaitAnswer, type Waiting } from './await-answer.ts'
import type { Conversation } from './greet.ts'
import { believe, say, timestamp } from './link.ts'
import { readScopeAnswer } from './scope-answer.ts'

/** What an agent asks for. */
export interface Wish {
  readonly scopes: readonly string[]
  readonly ttl: number
  readonly context: string
  readonly credential: string
}

export interface Granted {
  readonly m5: string
  readonly m8: string
  readonly result: ScopeResult
}

/**
 * Steps 5 to 8: what we want, with what the user gave us, and what they and the service let us have (D9, U6). Throws
 * where that is nothing: `USER_DENIED` when the user said so, else `SCOPE_NOT_APPROVED`.
 */
export async function requestScopes(
  conversation: Conversation,
  wish: Wish,
  waiting: Waiting,
): Promise<Granted> {
  const { link, key, handshakeId, m1, m2 } = conversation
  const { scopes, ttl, context, credential } = wish
  const bare = {
    type: 'scope_request',
    handshake_id: handshakeId,
    scopes,
    ttl,
    context,
    timestamp: timestamp(link),
  }
  const payload = await presentationPayload(m1, m2, credential, canonicalWithout(bare))
  const signature = await signDetached(key.signer, handshakeTyp, payload)
  const request = { ...bare, user_authorization: { credential, signature } }
  const first = await say(link, request, readScopeAnswer)
  const { message: result, whole } = await awaitAnswer(conversation, first, waiting)
  conversation.follow(result)
  believe(checkScopeResult({ scopes: [...scopes], ttl }, result))
  if (result.scopes_granted.length === 0) throw nothingGranted(result)
  return { m5: canonicalWithout(request), m8: canonicalWithout(whole), result }
}

/** Nobody is told that the user said no who was never asked about it. */
function nothingGranted({ scopes_denied = [] }: ScopeResult): AthError {
  const details = { scopes_denied }
  const reasons = new Set(scopes_denied.map(({ reason }) => reason))
  if (reasons.size === 0 || reasons.has('not_confirmed_by_user'))
    return new AthError('USER_DENIED', { status: 403, details })
  return new AthError('SCOPE_NOT_APPROVED', {
    status: 403,
    message: `nothing of what was asked can be had: ${scopes_denied.map(({ scope, reason }) => `${scope} (${reason})`).join(', ')}`,
    fix: [...reasons].flatMap((reason) => fixes[reason] ?? []).join('; ') || undefined,
    details,
  })
}

const fixes: Readonly<Record<string, string>> = {
  not_supported: 'check the spelling: `athx discover` lists the scopes',
  not_approved_for_agent: 'ask the operator to approve it for this agent',
  not_in_user_credential: 'ask the user for a credential with it (`athx grant make`)',
}
