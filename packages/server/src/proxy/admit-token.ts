import { type Failure, fail, ok, type Result } from '@ath-protocol/types'

/** What an access token was issued for (R88). A stored token and a live one both have it. */
export interface BoundToken {
  readonly agentId: string
  /** The DID under which the agent came, of a session's token: it may call itself so, too (U10). */
  readonly clientDid?: string | undefined
  readonly providerId: string
  readonly expiresAt: number
  readonly revokedAt?: number | undefined
}

export interface TokenUse {
  /** Unix seconds. */
  readonly now: number
  /** From the path. */
  readonly providerId: string
  /** `X-ATH-Agent-ID` as sent. */
  readonly agentHeader: string | undefined
}

const admitted = ok(undefined)

/**
 * Whether a known token may be used here, by this agent: first the token, then the provider, then the agent
 * (R89, R92–R94, C11, C16). Whether the agent is still approved and the grant still lives is not checked here.
 */
export function admitToken(token: BoundToken, use: TokenUse): Result<void, Failure> {
  if (token.revokedAt !== undefined) return fail({ reason: 'token_revoked' })
  if (use.now >= token.expiresAt) return fail({ reason: 'token_expired' })
  if (token.providerId !== use.providerId)
    return fail({ reason: 'provider_differs', got: use.providerId, bound: token.providerId })
  // A session's token names its agent itself, signed: to repeat it is no proof of more (U10).
  if (use.agentHeader === undefined)
    return token.clientDid === undefined ? fail({ reason: 'agent_header_absent' }) : admitted
  if (use.agentHeader !== token.agentId && use.agentHeader !== token.clientDid)
    return fail({ reason: 'agent_header_differs', got: use.agentHeader })
  return admitted
}
