import {
  distinctRestrictions,
  type Failure,
  fail,
  ok,
  prefix,
  type Result,
  type UserId,
} from '@ath-protocol/types'
import { restrictionsOf } from './restrictions-of.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { Grant, UserSource } from '../ports/grants.ts'
import type { Handshake } from '../ports/handshakes.ts'
import type { ProviderTokens } from '../ports/provider-tokens.ts'
import type { Registration } from '../ports/registry.ts'
import { hashSecret } from '../secret/hash.ts'
import { endGrant } from './end-grant.ts'

export interface Consented {
  /** Who the grant is for: its restrictions hold, too (U13). */
  readonly agent: Registration
  readonly userId: UserId
  readonly userSource: UserSource
  readonly scopes: readonly string[]
  readonly lifetimeSeconds: number
  readonly providerTokens?: ProviderTokens
}

export interface Opened {
  readonly handshake: Handshake
  readonly grant: Grant
  /** The one-time code for an agent-owned redirect; absent when the browser ends with us (C9). */
  readonly code: string | undefined
}

/**
 * Writes down what the user allowed and opens the handshake's second door. The grant comes first and the handshake
 * last: a crash in between leaves a grant without a token, which the sweep ends; never a token without a grant.
 */
export async function openGrant(
  ports: AthPorts,
  handshake: Handshake,
  consented: Consented,
): Promise<Result<Opened, Failure>> {
  const now = ports.clock.now()
  const grant: Grant = {
    id: `${prefix.grant}${ports.random.token(16)}`,
    clientId: handshake.clientId,
    agentId: handshake.agentId,
    userId: consented.userId,
    userSource: consented.userSource,
    providerId: handshake.providerId,
    scopes: consented.scopes,
    restrictions: distinctRestrictions(
      restrictionsOf(ports.config, consented.agent, [handshake.providerId]),
    ),
    createdAt: now,
    // Until the agent fetched its token; then `confirm` gives it the time the user allowed.
    expiresAt: handshake.expiresAt,
  }
  await ports.grants.insert(grant)
  if (consented.providerTokens) await ports.providerTokens.save(grant.id, consented.providerTokens)
  const code =
    handshake.userRedirectUri === undefined ? undefined : `${prefix.code}${ports.random.token(32)}`
  const advanced = await ports.handshakes.advance(handshake.id, 'consent', now, {
    userId: consented.userId,
    grantId: grant.id,
    consentedScopes: consented.scopes,
    grantLifetimeSeconds: Math.min(consented.lifetimeSeconds, ports.config.grantLifetimeSeconds),
    ...(code === undefined ? {} : { codeHash: hashSecret(code) }),
  })
  if (advanced) return ok({ handshake: advanced, grant, code })
  await endGrant(ports, grant)
  return fail({ reason: now >= handshake.expiresAt ? 'handshake_expired' : 'handshake_spent' })
}
