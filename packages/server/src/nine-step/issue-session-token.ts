import {
  type AccessTokenClaims,
  accessTokenTyp,
  maxTokenSeconds,
  qualifiedScope,
  signJws,
} from '@ath-protocol/types'
import { approvedScopes } from '../endpoint/approved.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { Grant } from '../ports/grants.ts'
import type { NineStepPorts, Session, SessionGrant } from '../ports/nine-step.ts'
import type { Registration } from '../ports/registry.ts'
import { sessionTokenHash } from '../secret/hash.ts'

export interface SessionToken {
  readonly accessToken: string
  readonly jti: string
  readonly expiresIn: number
  readonly scopes: readonly string[]
}

/**
 * Signs one access token for all providers of a session and writes it down once for each, so that revocation, suspension
 * and audit reach it as they reach an opaque one (D17, U9). Undefined when nothing is left to give: every grant has ended,
 * or the service took its approval back. `issuedAt`: in whole Unix seconds, where an answer has said it already.
 */
export async function issueSessionToken(
  ports: AthPorts,
  nineStep: NineStepPorts,
  session: Session,
  agent: Registration,
  issuedAt = Math.floor(ports.clock.now()),
): Promise<SessionToken | undefined> {
  const expiresIn = tokenLifetime(ports, session, issuedAt)
  const open = (await findGrants(ports, session.grants))
    .map((grant) => ({ grant, scopes: stillApproved(agent, grant) }))
    .filter(({ scopes }) => scopes.length > 0)
  if (open.length === 0) return undefined
  const expiresAt = issuedAt + expiresIn
  const jti = ports.random.token(16)
  const scopes = open.flatMap(({ grant, scopes: names }) =>
    names.map((name) => qualifiedScope({ providerId: grant.providerId, name })),
  )
  const claims: AccessTokenClaims = {
    iss: ports.config.baseUrl,
    aud: ports.config.baseUrl,
    sub: session.userId,
    client_id: session.clientId,
    ath_agent_id: session.agentId,
    ath_provider: open.map(({ grant }) => grant.providerId),
    scope: scopes.join(' '),
    iat: issuedAt,
    exp: expiresAt,
    jti,
    sid: session.id,
    cnf: { jkt: session.thumbprint },
  }
  const accessToken = await signJws(nineStep.tokenKey.signer, accessTokenTyp, claims)
  for (const { grant, scopes: names } of open)
    await ports.tokens.insert({
      hash: sessionTokenHash(jti, grant.providerId),
      grantId: grant.id,
      sessionId: session.id,
      clientId: session.clientId,
      agentId: session.agentId,
      userId: session.userId,
      providerId: grant.providerId,
      scopes: names,
      issuedAt,
      expiresAt: Math.min(expiresAt, grant.expiresAt),
    })
  return { accessToken, jti, expiresIn, scopes }
}

/** How long a token made now lives, in whole seconds: at most an hour, and never beyond its session. */
export function tokenLifetime(
  { config }: Pick<AthPorts, 'config'>,
  session: Pick<Session, 'expiresAt'>,
  issuedAt: number,
): number {
  return Math.min(
    maxTokenSeconds,
    config.tokenLifetimeSeconds,
    Math.floor(session.expiresAt) - issuedAt,
  )
}

/** Those of a session's grants that still stand. */
export async function findGrants(
  ports: Pick<AthPorts, 'grants' | 'clock'>,
  grants: readonly SessionGrant[] = [],
): Promise<readonly Grant[]> {
  const found = await Promise.all(grants.map(({ grantId }) => ports.grants.find(grantId)))
  const now = ports.clock.now()
  return found.filter(
    (grant): grant is Grant =>
      grant !== undefined && grant.revokedAt === undefined && grant.expiresAt > now,
  )
}

function stillApproved(agent: Registration, grant: Grant): readonly string[] {
  const approved = approvedScopes(agent, grant.providerId) ?? []
  return grant.scopes.filter((scope) => approved.includes(scope))
}
