import {
  credentialClaims,
  credentialTyp,
  type Failure,
  fail,
  maxCredentialSeconds,
  ok,
  prefix,
  type Result,
  signJws,
  type UserId,
} from '@ath-protocol/types'
import type { AthPorts } from '../endpoint/ports.ts'
import { supportedScopes } from '../settle/request-of.ts'
import type { PreAuthorization } from '../ports/nine-step.ts'
import { hashSecret } from '../secret/hash.ts'
import { didOfUser } from './credential-signer.ts'

/** What a person wants to allow an agent ahead of time. */
export interface WantedCredential {
  readonly clientDid: string
  /** RFC 7638 thumbprint of the only key that may show it. */
  readonly clientThumbprint: string
  /** By qualified name. */
  readonly scopes: readonly string[]
  readonly lifetimeSeconds: number
  readonly oneTime: boolean
}

/** A person keeps at most this many live at once: what nobody can overlook is looked at. */
export const maxLiveCredentials = 100
const shortestSeconds = 60

/**
 * Makes a credential for a person who has proven who they are, signed by the server in their place (U6): most people have
 * no key. The text is given out once and not kept.
 */
export async function issueCredential(
  ports: Pick<AthPorts, 'config' | 'clock' | 'random' | 'nineStep' | 'audit'>,
  userId: UserId,
  wanted: WantedCredential,
): Promise<
  Result<{ readonly credential: string; readonly authorization: PreAuthorization }, Failure>
> {
  const { nineStep, config } = ports
  if (!nineStep) return fail({ reason: 'route_unknown' })
  const fault = faultOf(wanted, new Set(supportedScopes(config).keys()))
  if (fault) return fail({ reason: 'request_malformed', errors: [fault] })
  const room = await checkRoom(ports, userId)
  if (!room.ok) return room
  const now = Math.floor(ports.clock.now())
  const claims = credentialClaims({
    ...wanted,
    issuer: nineStep.serverDid,
    userDid: didOfUser(userId),
    audience: nineStep.serverDid,
    now,
    jti: `${prefix.credential}${ports.random.token(16)}`,
  })
  const credential = await signJws(nineStep.handshakeKey.signer, credentialTyp, claims)
  const authorization = await nineStep.preAuthorizations.ensure({
    id: claims.jti,
    userId,
    clientDid: wanted.clientDid,
    scopes: claims.scopes,
    oneTime: wanted.oneTime,
    madeBy: 'gateway',
    hash: hashSecret(credential),
    createdAt: now,
    expiresAt: claims.exp,
  })
  ports.audit.record({
    event: 'credential_issued',
    outcome: 'allowed',
    user_id: userId,
    client_did: wanted.clientDid,
    effective_scopes: claims.scopes,
    decided_by: 'user',
    evidence: { credential_id: claims.jti, one_time: wanted.oneTime, expires_at: claims.exp },
  })
  await ports.audit.settled()
  return ok({ credential, authorization })
}

/** Whether one more fits. */
export async function checkRoom(
  ports: Pick<AthPorts, 'clock' | 'nineStep'>,
  userId: UserId,
): Promise<Result<void, Failure>> {
  const now = ports.clock.now()
  const all = (await ports.nineStep?.preAuthorizations.list(userId)) ?? []
  const live = all.filter((one) => one.revokedAt === undefined && one.expiresAt > now)
  if (live.length < maxLiveCredentials) return ok(undefined)
  const problem = `there are ${live.length} already; revoke one first`
  return fail({ reason: 'request_malformed', errors: [{ path: 'credential', problem }] })
}

function faultOf(
  { scopes, lifetimeSeconds }: WantedCredential,
  supported: ReadonlySet<string>,
): { readonly path: string; readonly problem: string } | undefined {
  const unknown = scopes.find((scope) => !supported.has(scope))
  if (scopes.length === 0) return { path: 'scopes', problem: 'names no scope' }
  if (unknown !== undefined)
    return { path: 'scopes', problem: 'names a scope that nobody offers here' }
  if (!(lifetimeSeconds >= shortestSeconds && lifetimeSeconds <= maxCredentialSeconds))
    return {
      path: 'ttl',
      problem: `is not between ${shortestSeconds} and ${maxCredentialSeconds} seconds`,
    }
  return undefined
}
