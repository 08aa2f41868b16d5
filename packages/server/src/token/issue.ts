import { prefix, type ScopeIntersection, type TokenResponse } from '@ath-protocol/types'
import type { AthPorts } from '../endpoint/ports.ts'
import type { Grant, TokenRecord } from '../ports/grants.ts'
import { hashSecret } from '../secret/hash.ts'
import { jsonAnswer } from '../wire/answer.ts'
import type { AthAnswer } from '../wire/http.ts'

export interface Issued {
  readonly accessToken: string
  readonly token: TokenRecord
  readonly grantExpiresAt: number
}

/** Makes one access token of a grant and keeps its hash. It never outlives the grant (R88, R90). */
export async function issueToken(
  ports: AthPorts,
  grant: Grant,
  scopes: readonly string[],
  grantExpiresAt: number,
): Promise<Issued> {
  // Whole seconds, as the answer says them.
  const issuedAt = Math.floor(ports.clock.now())
  const accessToken = `${prefix.token}${ports.random.token(32)}`
  const token: TokenRecord = {
    hash: hashSecret(accessToken),
    grantId: grant.id,
    clientId: grant.clientId,
    agentId: grant.agentId,
    userId: grant.userId,
    providerId: grant.providerId,
    scopes,
    issuedAt,
    expiresAt: Math.min(issuedAt + ports.config.tokenLifetimeSeconds, grantExpiresAt),
  }
  await ports.tokens.insert(token)
  return { accessToken, token, grantExpiresAt }
}

/** R86, R87, C26. */
export function answerToken(
  { accessToken, token, grantExpiresAt }: Issued,
  scopes: ScopeIntersection,
): AthAnswer {
  const body: TokenResponse = {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: Math.floor(token.expiresAt - token.issuedAt),
    effective_scopes: [...scopes.effective],
    provider_id: token.providerId,
    agent_id: token.agentId,
    scope_intersection: {
      agent_approved: [...scopes.agentApproved],
      user_consented: [...scopes.userConsented],
      effective: [...scopes.effective],
    },
    grant_expires_in: Math.floor(grantExpiresAt - token.issuedAt),
  }
  return jsonAnswer(200, body)
}
