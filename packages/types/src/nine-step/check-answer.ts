import { fail, ok, type Result } from '../result.ts'
import { athVersion } from '../version.ts'
import { type AccessTokenClaims, readAccessToken } from './access-token.ts'
import type { AnswerFault } from './answer-fault.ts'
import { keyOfDidKey, parseDid } from './did.ts'
import { checkTimestamp, maxTokenSeconds } from './freshness.ts'
import type { HandshakeResponse, ScopeRequest, ScopeResult } from './messages.ts'
import { encryptionCapability, transcriptCapability } from './negotiate.ts'
import { importJwk, importKeyText, type PublicKey } from './public-key.ts'

/** What a client knows of a server before the handshake. */
export interface ExpectedServer {
  /** `server_did` and `server_jwk` of discovery, over HTTPS. */
  readonly did?: string | undefined
  readonly jwk?: unknown
  /** What the client pinned earlier or was given. */
  readonly pinnedDid?: string | undefined
}

/**
 * The key of the server in step 2, when it is the one expected (D8, U4). A DID proves itself by its key, or discovery
 * vouches for both; a pin holds in any case. Not yet checked: that the server has this key.
 */
export async function checkServerIdentity(
  { server_did, server_pubkey }: Pick<HandshakeResponse, 'server_did' | 'server_pubkey'>,
  expected: ExpectedServer,
): Promise<Result<PublicKey, AnswerFault>> {
  for (const did of [expected.did, expected.pinnedDid])
    if (did !== undefined && did !== server_did) return fail('server_did_differs')
  const key = await importKeyText(server_pubkey)
  if (!key.ok) return fail('server_key_malformed')
  if (expected.jwk !== undefined) {
    const published = await importJwk(expected.jwk)
    if (!published.ok || published.value.thumbprint !== key.value.thumbprint)
      return fail('server_key_differs')
  }
  const proven = await thumbprintInDid(server_did)
  if (proven !== undefined && proven !== key.value.thumbprint) return fail('server_key_differs')
  const vouched = expected.did !== undefined && expected.jwk !== undefined
  return proven !== undefined || vouched ? ok(key.value) : fail('server_did_unproven')
}

/** Of a DID that is its key; undefined for names. */
async function thumbprintInDid(text: string): Promise<string | undefined> {
  const did = parseDid(text)
  if (!did.ok) return undefined
  if (did.value.method === 'ath_key') return did.value.thumbprint
  if (did.value.method !== 'key') return undefined
  const key = await keyOfDidKey(did.value.multikey)
  return key.ok ? key.value.thumbprint : ''
}

/** Whether the server chose among what was offered, and kept what a client does not go without (D8, U11). */
export function checkNegotiated(
  { version, capabilities }: Pick<HandshakeResponse, 'version' | 'capabilities'>,
  offered: readonly string[],
  alg: string,
): Result<void, AnswerFault> {
  if (version !== athVersion) return fail('version_not_offered')
  if (capabilities.some((one) => !offered.includes(one))) return fail('capability_not_offered')
  if (!capabilities.includes(alg) || !capabilities.includes(transcriptCapability))
    return fail('capability_missing')
  // Whoever offers encryption wants it: without it the requests would go in clear.
  return offered.includes(encryptionCapability) && !capabilities.includes(encryptionCapability)
    ? fail('encryption_not_agreed')
    : ok(undefined)
}

/** Whether a message belongs to this handshake and was written just now, not before the one that came before it. */
export function checkAnswer(
  message: { readonly handshake_id: string; readonly timestamp: number },
  expected: { readonly handshakeId: string; readonly now: number; readonly previous: number },
): Result<void, AnswerFault> {
  if (message.handshake_id !== expected.handshakeId) return fail('handshake_id_differs')
  const fresh = checkTimestamp(message.timestamp, expected)
  return fresh.ok ? fresh : fail(fresh.error.kind as AnswerFault)
}

/** A server may give less than was requested, never more (D9). */
export function checkScopeResult(
  requested: Pick<ScopeRequest, 'scopes' | 'ttl'>,
  { scopes_granted, ttl_granted }: Pick<ScopeResult, 'scopes_granted' | 'ttl_granted'>,
): Result<void, AnswerFault> {
  if (scopes_granted.some((scope) => !requested.scopes.includes(scope)))
    return fail('scope_not_requested')
  const least = scopes_granted.length > 0 ? 1 : 0
  return ttl_granted > requested.ttl || ttl_granted < least
    ? fail('lifetime_not_requested')
    : ok(undefined)
}

/** An access token is taken when this gateway signed it for this session and this key, with no more than was granted (D9, D17). */
export async function checkAccessToken(
  jwt: string,
  expected: {
    readonly issuer: string
    readonly tokenKey: PublicKey
    readonly sessionId: string
    readonly thumbprint: string
    readonly scopes: readonly string[]
    readonly expiresIn: number
    readonly now: number
  },
): Promise<Result<AccessTokenClaims, AnswerFault>> {
  const read = await readAccessToken(jwt, expected, expected.tokenKey)
  if (!read.ok) return fail(`token_${read.error}` as const)
  const { iat, exp, sid, cnf, scope } = read.value
  if (cnf.jkt !== expected.thumbprint) return fail('token_key_differs')
  if (sid !== expected.sessionId) return fail('token_session_differs')
  if (scope.split(' ').some((one) => !expected.scopes.includes(one)))
    return fail('token_scope_not_granted')
  const fresh = checkTimestamp(iat, expected)
  const { expiresIn } = expected
  return fresh.ok && exp - iat === expiresIn && expiresIn > 0 && expiresIn <= maxTokenSeconds
    ? read
    : fail('token_lifetime_wrong')
}
