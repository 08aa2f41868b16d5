import {
  checkCredential,
  type Failure,
  fail,
  type HandshakeFault,
  ok,
  parseCredential,
  type Result,
  type UserCredential,
  type UserId,
  verifyCredential,
} from '@ath-protocol/types'
import type { AthPorts } from '../endpoint/ports.ts'
import type { PreAuthorization } from '../ports/nine-step.ts'
import { hashSecret } from '../secret/hash.ts'
import { credentialSigner } from './credential-signer.ts'

/** What a person allowed an agent ahead of time, found to hold now. */
export interface AdmittedCredential {
  readonly userId: UserId
  readonly authorization: PreAuthorization
  readonly madeBy: PreAuthorization['madeBy']
  /** It says that it is for this server; one as in step 0 says for none, and may have been meant for another (U6). */
  readonly isForUs: boolean
}

/**
 * Whether a credential holds (D12, U6): well-formed, in time, for this server and for this client, from a person whose
 * key we know, signed by it, neither revoked nor used up. Writes it down the first time; after that the same text needs
 * no signature check again. Whether the client may show it is its own signature's question.
 */
export async function admitCredential(
  ports: Pick<AthPorts, 'clock' | 'users' | 'nineStep'>,
  text: string,
  expected: { readonly clientDid: string; readonly clientThumbprint: string },
): Promise<Result<AdmittedCredential, Failure>> {
  const { nineStep } = ports
  if (!nineStep) return fail({ reason: 'route_unknown' })
  const parsed = parseCredential(text)
  if (!parsed.ok) return refuse(parsed.error)
  const { credential } = parsed.value
  const now = ports.clock.now()
  const checked = checkCredential(credential, {
    ...expected,
    now,
    audiences: [nineStep.serverDid],
  })
  if (!checked.ok) return refuse(checked.error)
  const signer = await credentialSigner(ports, nineStep, credential)
  if (!signer.ok) return refuse(signer.error)
  const { userId, madeBy, key } = signer.value
  const hash = hashSecret(text)
  const known = await nineStep.preAuthorizations.findByHash(hash)
  const isForUs = credential.audience !== undefined
  if (known?.userId === userId) return standing(known, hash, isForUs)
  const verified = await verifyCredential(parsed.value, key)
  if (!verified.ok) return refuse(verified.error)
  const signedBy = madeBy === 'user' ? { signedBy: key.thumbprint } : {}
  const written = writtenDown(credential, { userId, madeBy, ...signedBy, hash, now })
  return standing(await nineStep.preAuthorizations.ensure(written), hash, isForUs)
}

/** A credential as it is kept: what it allows, and its hash in place of its text. */
export function writtenDown(
  credential: UserCredential,
  given: Pick<PreAuthorization, 'userId' | 'madeBy' | 'signedBy' | 'hash'> & {
    readonly now: number
  },
): PreAuthorization {
  return {
    id: credential.jti ?? hashSecret(credential.signedText ?? ''),
    userId: given.userId,
    clientDid: credential.clientDid,
    scopes: credential.scopes,
    oneTime: credential.oneTime,
    madeBy: given.madeBy,
    ...(given.signedBy === undefined ? {} : { signedBy: given.signedBy }),
    hash: given.hash,
    createdAt: given.now,
    expiresAt: credential.expiresAt,
  }
}

function standing(
  authorization: PreAuthorization,
  hash: string,
  isForUs: boolean,
): Result<AdmittedCredential, Failure> {
  if (authorization.revokedAt !== undefined) return refuse({ kind: 'credential_revoked' })
  // Two of one name: which of them a revocation meant could not be told.
  if (authorization.hash !== hash)
    return refuse({ kind: 'credential_malformed', member: 'jti', evidence: 'jti used before' })
  if (authorization.oneTime && authorization.usedAt !== undefined)
    return refuse({ kind: 'credential_used' })
  const { userId, madeBy } = authorization
  return ok({ userId, authorization, madeBy, isForUs })
}

const refuse = (fault: HandshakeFault): { readonly ok: false; readonly error: Failure } =>
  fail({ reason: 'handshake_message', fault })
