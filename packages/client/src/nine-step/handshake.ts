import {
  type Clock,
  createAttestation,
  type Discovery,
  type ScopeResult,
  type ServiceDiscovery,
} from '@ath-protocol/types'
import { AthError } from '../ath-error.ts'
import { readBaseUrl } from '../base-url.ts'
import { discoverGateway, discoverService, requireVersion } from '../discover.ts'
import { systemClock, systemFetch } from '../system.ts'
import type { Waiting } from './await-answer.ts'
import { complete } from './complete.ts'
import { greet } from './greet.ts'
import { type HandshakeKey, type HandshakeKeySource, readHandshakeKey } from './handshake-key.ts'
import {
  createHandshakeSession,
  type HandshakeSession,
  type SessionOptions,
} from './handshake-session.ts'
import type { Link } from './link.ts'
import { proveIdentity } from './prove.ts'
import { requestScopes, type Wish } from './request-scopes.ts'
import type { StoredHandshake } from './stored-handshake.ts'
import { createTokenKeys } from './token-key.ts'

/** What every use of a session needs. */
export interface HandshakeSettings extends SessionOptions {
  readonly key: HandshakeKeySource
  /** Sent with every request to the gateway; never instead of ours. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** For each protocol step. Default 30. */
  readonly timeoutSeconds?: number | undefined
  readonly fetch?: typeof fetch | undefined
  readonly clock?: Clock | undefined
}

/** How far a handshake has come. */
export type HandshakeEvent =
  | {
      readonly step: 'discovered'
      readonly endpoint: string
      readonly serverDid?: string | undefined
    }
  | { readonly step: 'greeted'; readonly serverDid: string; readonly encrypted: boolean }
  | {
      readonly step: 'identified'
      readonly did: string
      readonly scopesSupported: readonly string[]
    }
  | { readonly step: 'granted'; readonly result: ScopeResult }
  | { readonly step: 'completed'; readonly session: HandshakeSession }
  /** The gateway did not take our proof; a new handshake follows (D10). */
  | { readonly step: 'again'; readonly error: AthError }

export interface HandshakeOptions extends HandshakeSettings, Waiting {
  /** Base URL; https, or http on this machine. */
  readonly gateway: string
  /** Default: the self-certifying `did:ath:<thumbprint>` of the key (U4). */
  readonly did?: string | undefined
  /** By their qualified names, `oa:read`. */
  readonly scopes: readonly string[]
  /** How long the permission shall live, in seconds: 60 to 86 400. Default 8 hours. */
  readonly ttl?: number | undefined
  /** What for, in the agent's words; the user sees it as such. At most 2000 characters. */
  readonly context: string
  /** What the user gave the agent ahead of time (U6). */
  readonly credential: string
  /** For an agent that is registered by its identity document: it vouches for the key of this handshake (U5). */
  readonly attestation?:
    | {
        readonly agentId: string
        /** The key that the identity document publishes. */
        readonly key: { readonly privateKey: CryptoKey; readonly keyId: string }
        readonly issuer?: 'agent_id' | 'origin' | undefined
      }
    | undefined
  /** Encrypts every later request and answer end to end (U10). A gateway that will not is refused. */
  readonly encrypted?: boolean | undefined
  /** Only this server will do. */
  readonly serverDid?: string | undefined
  /** A description at hand: nothing is fetched. */
  readonly discovery?: Discovery | ServiceDiscovery | undefined
  readonly onProgress?: ((event: HandshakeEvent) => unknown) | undefined
  readonly signal?: AbortSignal | undefined
}

/** In all, each with fresh nonces and keys (D10, D19). */
const mostTries = 3
const defaultTtl = 28_800

/**
 * The nine-step handshake: both sides prove who they are, the user confirms by a way that is not the agent's, and both
 * agree on keys. Everything the server says is checked; what does not hold is `ANSWER_REFUSED` and no reason to try
 * again. A refused proof is tried three times in all, but only until a person has been asked: nobody is asked twice for
 * one wish. A no is `USER_DENIED`.
 */
export async function handshake(options: HandshakeOptions): Promise<HandshakeSession> {
  const key = await readHandshakeKey(options.key)
  const base = readBaseUrl(options.gateway)
  const asking = { ...connectTo(options), signal: options.signal }
  const discovery = options.discovery ?? (await discoverAny(base, asking))
  requireVersion(discovery)
  const link: Link = { ...asking, base, endpoint: endpointOf(base, discovery) }
  await options.onProgress?.({
    step: 'discovered',
    endpoint: link.endpoint,
    serverDid: discovery.server_did,
  })
  for (let tries = 1; ; tries++) {
    let asked = false
    const told = {
      ...options,
      onPending: (pending: Parameters<NonNullable<Waiting['onPending']>>[0]) => {
        asked = true
        return options.onPending?.(pending)
      },
    }
    try {
      return await attempt(link, key, discovery, told)
    } catch (error) {
      if (!(error instanceof AthError) || !isWorthAnother(error)) throw error
      if (asked || tries >= mostTries) throw error
      await options.onProgress?.({ step: 'again', error })
    }
  }
}

/** Takes up a session that was kept; the key must be the one of its handshake. */
export async function resumeHandshake(
  stored: StoredHandshake,
  settings: HandshakeSettings,
): Promise<HandshakeSession> {
  const { gateway, endpoint } = stored
  const link: Link = { ...connectTo(settings), base: gateway, endpoint }
  const findTokenKey = createTokenKeys(link)
  const key = await readHandshakeKey(settings.key)
  return createHandshakeSession(link, key, stored, { ...settings, findTokenKey })
}

async function attempt(
  link: Link,
  key: HandshakeKey,
  discovery: Discovery | ServiceDiscovery,
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
  const wish: Wish = { ...options, ttl: options.ttl ?? defaultTtl }
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
    endpoint: link.endpoint,
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

/** Our proof did not hold (D10). A credential that does not hold will not hold the next time. */
const isWorthAnother = ({ status, code }: AthError) =>
  status === 401 && code !== 'INVALID_CREDENTIAL'

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

function connectTo(settings: HandshakeSettings): Omit<Link, 'base' | 'endpoint' | 'signal'> {
  const clock = settings.clock ?? systemClock
  return {
    clock,
    transport: { fetch: settings.fetch ?? systemFetch, clock },
    headers: settings.headers ?? {},
    timeoutSeconds: settings.timeoutSeconds ?? 30,
  }
}

/** A gateway's description, or that of a service that speaks ATH itself. */
async function discoverAny(
  base: string,
  link: Omit<Link, 'base' | 'endpoint'>,
): Promise<Discovery | ServiceDiscovery> {
  const { transport, clock, headers, timeoutSeconds, signal } = link
  const options = { fetch: transport.fetch, clock, headers, timeoutSeconds, signal }
  try {
    return await discoverGateway(base, options)
  } catch (error) {
    if (error instanceof AthError && error.status === 404) return discoverService(base, options)
    throw error
  }
}

/** The published endpoint where it is the gateway's own, else the one every gateway serves. */
function endpointOf(base: string, { handshake_endpoint }: Discovery | ServiceDiscovery): string {
  if (handshake_endpoint === undefined) throw new AthError('HANDSHAKE_UNSUPPORTED')
  const published = new URL(handshake_endpoint)
  return published.origin === new URL(base).origin ? published.href : `${base}/ath/handshake`
}
