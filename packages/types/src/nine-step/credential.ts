import { z } from 'zod'
import { decodeBase64url, encodeBase64url } from '../attestation/base64url.ts'
import {
  decodeJsonObject,
  type JwsVerifier,
  parseJws,
  type ParsedJws,
  verifyDetached,
  verifyJws,
} from '../jws/jws.ts'
import { fail, ok, type Result } from '../result.ts'
import { scopeSchema } from '../schema/text.ts'
import { canonicalJson } from './canonical-json.ts'
import { bytesOf } from './domain.ts'
import type { HandshakeFault } from './fault.ts'
import { timestampWindowSeconds } from './freshness.ts'
import { jsonCredentialPayload, handshakeTyp } from './transcript.ts'

/** `typ` of a credential written as a JWT (U6). */
export const credentialTyp = 'ath-user-auth+jwt'
/** A user can authorize an agent ahead for this long at most. */
export const maxCredentialSeconds = 90 * 86_400
const maxLength = 8192

const instant = z.number().int().nonnegative().max(1e11)
const did = z.string().min(1).max(512)
const scopes = z.array(scopeSchema).min(1).max(100)

const jwtClaimsSchema = z.looseObject({
  iss: did,
  sub: did,
  client_did: did,
  aud: z.string().min(1).max(2048),
  scopes,
  iat: instant,
  exp: instant,
  jti: z.string().min(1).max(128),
  nbf: instant.optional(),
  cnf: z.looseObject({ jkt: z.string().min(1).max(64) }),
  one_time: z.boolean().optional(),
})

const jsonSchema = z.looseObject({
  user_did: did,
  client_did: did,
  scopes,
  expires_at: instant,
  signature: z.string().min(1).max(1024),
  // Not in step 0; whoever signs them means them.
  aud: z.string().min(1).max(2048).optional(),
  one_time: z.boolean().optional(),
})

/** What a user allowed an agent ahead of time, as the agent shows it. Nothing is trusted before `verifyCredential`. */
export interface UserCredential {
  readonly form: 'jwt' | 'json'
  /** Who signed: the user, or for a credential that was made on the user's page the server. */
  readonly issuer: string
  readonly userDid: string
  readonly clientDid: string
  /** Absent in the JSON form unless its writer added it: step 0 gives it no audience. */
  readonly audience?: string
  readonly scopes: readonly string[]
  readonly issuedAt?: number
  readonly notBefore?: number
  readonly expiresAt: number
  /** Absent in the JSON form: the store then knows it by the hash of `signedText`. */
  readonly jti?: string
  /**
   * The JSON form's text without its signature. Its hash names the credential; that of the whole text would not, since
   * anybody can make a second valid signature from an ECDSA signature, and a revoked credential would get a new name.
   */
  readonly signedText?: string
  /** Thumbprint of the client's key; absent in the JSON form. */
  readonly clientThumbprint?: string
  readonly oneTime: boolean
  /** `kid` of the signing key, where it says. */
  readonly kid?: string
}

export interface ParsedCredential {
  readonly credential: UserCredential
  readonly signed:
    | { readonly form: 'jwt'; readonly jws: ParsedJws }
    | { readonly form: 'json'; readonly signature: string; readonly canonical: string }
}

const malformed = (evidence?: string): { readonly ok: false; readonly error: HandshakeFault } =>
  fail({ kind: 'credential_malformed', ...(evidence === undefined ? {} : { evidence }) })

/** Reads both forms of U6: a JWT, or base64url of the canonical JSON of step 0. */
export function parseCredential(text: string): Result<ParsedCredential, HandshakeFault> {
  if (text.length > maxLength) return malformed('too long')
  return text.includes('.') ? parseJwt(text) : parseJson(text)
}

function parseJwt(text: string): Result<ParsedCredential, HandshakeFault> {
  const jws = parseJws(text, maxLength)
  if (!jws.ok) return malformed(jws.error)
  const claims = jwtClaimsSchema.safeParse(decodeJsonObject(jws.value.payload))
  if (!claims.success) return malformed(String(claims.error.issues[0]?.path[0] ?? ''))
  const { iss, sub, client_did, aud, iat, nbf, exp, jti, cnf, one_time } = claims.data
  const { kid } = jws.value.header
  return ok({
    credential: {
      form: 'jwt',
      issuer: iss,
      userDid: sub,
      clientDid: client_did,
      audience: aud,
      scopes: claims.data.scopes,
      issuedAt: iat,
      ...(nbf === undefined ? {} : { notBefore: nbf }),
      expiresAt: exp,
      jti,
      clientThumbprint: cnf.jkt,
      oneTime: one_time === true,
      ...(typeof kid === 'string' ? { kid } : {}),
    },
    signed: { form: 'jwt', jws: jws.value },
  })
}

function parseJson(text: string): Result<ParsedCredential, HandshakeFault> {
  const object = decodeJsonObject(decodeBase64url(text))
  const read = jsonSchema.safeParse(object)
  if (!object || !read.success) return malformed('neither a JWT nor the JSON of step 0')
  const { signature, ...rest } = object
  const canonical = canonicalJson(rest)
  const whole = canonicalJson(object)
  if (!canonical.ok) return malformed(canonical.error)
  // One spelling (U6): what was signed is what was sent.
  if (!whole.ok || encodeBase64url(bytesOf(whole.value)) !== text) return malformed('not canonical')
  const { user_did, client_did, expires_at, aud, one_time } = read.data
  return ok({
    credential: {
      form: 'json',
      issuer: user_did,
      userDid: user_did,
      clientDid: client_did,
      ...(aud === undefined ? {} : { audience: aud }),
      scopes: read.data.scopes,
      expiresAt: expires_at,
      signedText: canonical.value,
      oneTime: one_time === true,
    },
    signed: { form: 'json', signature: String(signature), canonical: canonical.value },
  })
}

/** Checks everything that needs no key and no store: whose it is, for whom, until when (D12). Unix seconds. */
export function checkCredential(
  credential: UserCredential,
  expected: {
    readonly now: number
    readonly audiences: readonly string[]
    readonly clientDid: string
    readonly clientThumbprint: string
  },
): Result<void, HandshakeFault> {
  const { now } = expected
  if (credential.expiresAt <= now) return fail({ kind: 'credential_expired' })
  const from = Math.max(credential.issuedAt ?? 0, credential.notBefore ?? 0)
  if (from > now + timestampWindowSeconds) return fail({ kind: 'credential_not_yet_valid' })
  if (credential.expiresAt - (credential.issuedAt ?? now) > maxCredentialSeconds)
    return fail({ kind: 'credential_lifetime_too_long' })
  if (credential.audience !== undefined && !expected.audiences.includes(credential.audience))
    return fail({ kind: 'credential_audience_differs', evidence: credential.audience })
  if (credential.clientDid !== expected.clientDid)
    return fail({ kind: 'credential_of_other_client', evidence: credential.clientDid })
  const { clientThumbprint } = credential
  if (clientThumbprint !== undefined && clientThumbprint !== expected.clientThumbprint)
    return fail({ kind: 'credential_key_differs' })
  return ok(undefined)
}

/** Checks the signature with the key that the user registered here, or with the server's own. */
export async function verifyCredential(
  { signed }: ParsedCredential,
  verifier: JwsVerifier,
): Promise<Result<void, HandshakeFault>> {
  const verified =
    signed.form === 'jwt'
      ? await verifyJws(signed.jws, credentialTyp, verifier)
      : await verifyDetached(
          signed.signature,
          handshakeTyp,
          await jsonCredentialPayload(signed.canonical),
          verifier,
        )
  return verified.ok
    ? verified
    : fail({ kind: 'credential_signature_wrong', evidence: verified.error })
}

/** What goes into a credential JWT; sign it with `signJws(signer, credentialTyp, …)`. */
export function credentialClaims(given: {
  /** The user's DID, or the server's when it signs for a user who is signed in. */
  readonly issuer: string
  readonly userDid: string
  readonly clientDid: string
  readonly clientThumbprint: string
  /** The server's DID. */
  readonly audience: string
  readonly scopes: readonly string[]
  readonly now: number
  readonly lifetimeSeconds: number
  readonly jti: string
  readonly oneTime?: boolean
}): z.infer<typeof jwtClaimsSchema> {
  const issuedAt = Math.floor(given.now)
  return {
    iss: given.issuer,
    sub: given.userDid,
    client_did: given.clientDid,
    aud: given.audience,
    scopes: [...given.scopes],
    iat: issuedAt,
    exp: issuedAt + given.lifetimeSeconds,
    jti: given.jti,
    cnf: { jkt: given.clientThumbprint },
    ...(given.oneTime ? { one_time: true } : {}),
  }
}
