import { z } from 'zod'
import {
  decodeJsonObject,
  type JwsSigner,
  type JwsVerifier,
  type ParsedJws,
  parseJws,
  signJws,
  verifyJws,
} from '../jws/jws.ts'
import { fail, ok, type Result } from '../result.ts'
import type { HandshakeFault } from './fault.ts'

/** Header in which a client shows, when it polls, that it holds its key (U3). */
export const handshakeProofHeader = 'ath-handshake-proof'
/** Header in which a person's program shows whose key it holds (`athx inbox`, `athx grant`). */
export const userProofHeader = 'ath-user-proof'

const handshakeProofTyp = 'ath-hs-proof+jwt'
const userProofTyp = 'ath-user-proof+jwt'
/** A proof may be this old: long enough to poll some times with one, short enough to be worthless in a log. */
export const proofWindowSeconds = 60

const instant = z.number().int().nonnegative()
const handshakeProofSchema = z.looseObject({ hid: z.string().max(128), iat: instant })
const userProofSchema = z.looseObject({
  iss: z.string().min(1).max(512),
  aud: z.string().max(2048),
  htm: z.string().max(16),
  /** Path and query of the request. */
  htu: z.string().max(2048),
  iat: instant,
  jti: z.string().min(16).max(128),
  /** SHA-256 of the body in base64url; where there is one, nobody on the way may put another in its place. */
  body_sha256: z.string().max(64).optional(),
})
export type UserProof = z.infer<typeof userProofSchema>

export const createHandshakeProof = (signer: JwsSigner, handshakeId: string, now: number) =>
  signJws(signer, handshakeProofTyp, { hid: handshakeId, iat: Math.floor(now) })

interface ReadProof {
  verify(key: JwsVerifier): Promise<Result<void, HandshakeFault>>
}

/** Reads a client's proof: whose handshake, how old. Checked only by `verify`. */
export function parseHandshakeProof(
  text: string | undefined,
  expected: { readonly handshakeId: string; readonly now: number },
): Result<ReadProof, HandshakeFault> {
  if (text === undefined) return fail({ kind: 'proof_missing' })
  const jws = parseJws(text, 2048)
  if (!jws.ok) return wrong(jws.error)
  const claims = handshakeProofSchema.safeParse(decodeJsonObject(jws.value.payload))
  if (!claims.success) return wrong('claims')
  if (claims.data.hid !== expected.handshakeId) return wrong('hid')
  if (Math.abs(expected.now - claims.data.iat) > proofWindowSeconds) return wrong('iat')
  return ok({ verify: (key) => verifyProof(jws.value, handshakeProofTyp, key) })
}

export async function verifyHandshakeProof(
  text: string | undefined,
  expected: { readonly handshakeId: string; readonly now: number },
  key: JwsVerifier,
): Promise<Result<void, HandshakeFault>> {
  const proof = parseHandshakeProof(text, expected)
  return proof.ok ? proof.value.verify(key) : proof
}

export const createUserProof = (signer: JwsSigner, claims: UserProof) =>
  signJws(signer, userProofTyp, claims)

/** Reads a user's proof so that its key can be looked up by `iss`. Checked only by `verify`. */
export function parseUserProof(
  text: string,
  expected: {
    readonly audiences: readonly string[]
    readonly method: string
    readonly target: string
    readonly now: number
  },
): Result<ReadProof & { readonly claims: UserProof }, HandshakeFault> {
  const jws = parseJws(text, 4096)
  if (!jws.ok) return wrong(jws.error)
  const read = userProofSchema.safeParse(decodeJsonObject(jws.value.payload))
  if (!read.success) return wrong('claims')
  const claims = read.data
  if (!expected.audiences.includes(claims.aud)) return wrong('aud')
  if (claims.htm !== expected.method || claims.htu !== expected.target) return wrong('htu')
  if (Math.abs(expected.now - claims.iat) > proofWindowSeconds) return wrong('iat')
  return ok({ claims, verify: (key) => verifyProof(jws.value, userProofTyp, key) })
}

async function verifyProof(
  jws: ParsedJws,
  typ: string,
  key: JwsVerifier,
): Promise<Result<void, HandshakeFault>> {
  const verified = await verifyJws(jws, typ, key)
  return verified.ok ? verified : wrong(verified.error)
}

const wrong = (evidence: string): { readonly ok: false; readonly error: HandshakeFault } =>
  fail({ kind: 'proof_invalid', evidence })
