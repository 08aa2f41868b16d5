import { createAttestation, qualifiedScope } from '@ath-protocol/types'
import { isService } from '../place.ts'
import { complete } from './complete.ts'
import { greet } from './greet.ts'
import type { HandshakeKey } from './handshake-key.ts'
import type { HandshakeOptions } from './handshake-options.ts'
import { createHandshakeSession, type HandshakeSession } from './handshake-session.ts'
import type { Link } from './link.ts'
import { proveIdentity } from './prove.ts'
import type { ReachedServer } from './reach-server.ts'
import { requestScopes } from './request-scopes.ts'
import type { StoredHandshake } from './stored-handshake.ts'
import { createTokenKeys } from './token-key.ts'

const defaultTtl = 28_800

/** All nine steps, once. */
export async function attempt(
  { link, discovery, apiBase }: ReachedServer,
  key: HandshakeKey,
  options: HandshakeOptions,
): Promise<HandshakeSession> {
  const { onProgress, attestation } = options
  const { thumbprint } = key.publicKey
  const did = options.did ?? key.did
  const { server_did, server_jwk } = discovery
  const conversation = await greet(link, key, {
    did,
    encrypted: options.encrypted ?? false,
    server: { did: server_did, jwk: server_jwk, pinnedDid: options.serverDid },
  })
  const { m1, m2, serverDid, encrypted } = conversation
  await onProgress?.({ step: 'greeted', serverDid, encrypted })
  const { m3, m4, metadata } = await proveIdentity(
    conversation,
    attestation && (await vouch(link, attestation, thumbprint)),
  )
  await onProgress?.({
    step: 'identified',
    did,
    scopesSupported: metadata?.scopes_supported ?? [],
  })
  const scopes = options.scopes.map((scope) => qualify(discovery, scope))
  const wish = { ...options, scopes, ttl: options.ttl ?? defaultTtl }
  const { m5, m8, result } = await requestScopes(conversation, wish, options)
  await onProgress?.({ step: 'granted', result })
  const issuer = 'gateway_id' in discovery ? String(discovery.gateway_id) : link.base
  const findTokenKey = createTokenKeys(link)
  const grantedAt = Math.floor(link.clock.now())
  const { sessionId, accessToken, claims, keys } = await complete(
    conversation,
    { m1, m2, m3, m4, m5, m8 },
    { issuer, scopes: result.scopes_granted, findTokenKey },
  )
  const stored: StoredHandshake = {
    gateway: link.base,
    apiBase,
    endpoint: link.endpoint,
    jwks: link.jwks,
    issuer,
    serverDid,
    sessionId,
    agentId: claims.ath_agent_id,
    providers: claims.ath_provider,
    accessToken,
    expiresAt: Math.floor(link.clock.now()) + claims.exp - claims.iat,
    grantExpiresAt: grantedAt + result.ttl_granted,
    scopes: claims.scope.split(' '),
    scopesGranted: result.scopes_granted,
    scopesDenied: result.scopes_denied ?? [],
    ttlGranted: result.ttl_granted,
    restrictions: result.restrictions,
    ...(encrypted ? { keys, nextSequence: 0 } : {}),
  }
  // What aborts the handshake does not end the calls after it.
  const { signal, ...lasting } = link
  const session = createHandshakeSession(lasting, key, stored, { ...options, findTokenKey })
  await onProgress?.({ step: 'completed', session })
  return session
}

/** A service's own name for a scope becomes the one that the handshake uses. */
const qualify = (discovery: ReachedServer['discovery'], scope: string): string =>
  isService(discovery) && discovery.auth.scopes_supported.includes(scope)
    ? qualifiedScope({ providerId: discovery.app_id, name: scope })
    : scope

const vouch = (
  { endpoint, clock }: Link,
  { agentId, key, issuer = 'agent_id' }: NonNullable<HandshakeOptions['attestation']>,
  thumbprint: string,
): Promise<string> =>
  createAttestation({
    agentId,
    audience: endpoint,
    key: key.privateKey,
    keyId: key.keyId,
    now: clock.now(),
    issuer,
    boundKey: thumbprint,
  })
