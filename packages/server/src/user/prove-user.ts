import { createHash } from 'node:crypto'
import {
  type Failure,
  fail,
  type HandshakeFault,
  ok,
  parseUserProof,
  proofWindowSeconds,
  type Result,
  type UserId,
  userProofHeader,
} from '@ath-protocol/types'
import { callerKey, takeLimit } from '../endpoint/limit.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { AthCall } from '../wire/http.ts'
import { type RegisteredKey, registeredKeyOf } from './registered-key.ts'

/** A person's program that proved which registered key it holds. */
export interface ProvenUser extends RegisteredKey {
  readonly userId: UserId
}

/**
 * Who calls: whoever holds the registered key that the proof in `ath-user-proof` names. The proof is for this method,
 * this path, query and body here, not older than a minute, and works once. Its `jti` is claimed after the signature, so
 * that nobody fills the store with what no person signed.
 */
export async function proveUser(
  ports: AthPorts,
  call: AthCall,
): Promise<Result<ProvenUser, Failure>> {
  const { nineStep } = ports
  if (!nineStep) return fail({ reason: 'route_unknown' })
  const proof = readProof(ports, call)
  const found = proof.ok
    ? await registeredKeyOf(nineStep.userKeys, proof.value.claims.iss)
    : undefined
  // Nothing is proven yet: what fails counts against the caller, who could otherwise use up what is another's.
  const caller = `${found ? `${found.registered.userId} from` : 'ip'} ${callerKey(call.ip)}`
  const within = takeLimit(ports.limits, 'confirm_user', caller)
  if (!within.ok) return within
  if (!proof.ok) return unproven(proof.error)
  if (!found) return fail({ reason: 'user_key_unknown' })
  const verified = await proof.value.verify(found.key)
  if (!verified.ok) return unproven(verified.error)
  const { jti, iat, body_sha256 } = proof.value.claims
  if (
    call.body.length > 0 &&
    body_sha256 !== createHash('sha256').update(call.body).digest('base64url')
  )
    return unproven({ kind: 'proof_invalid', evidence: 'body' })
  const until = iat + 2 * proofWindowSeconds
  if (!(await nineStep.replay.claim(`user ${found.key.thumbprint}`, jti, until)))
    return unproven({ kind: 'nonce_replayed' })
  const { userId } = found.registered
  const own = takeLimit(ports.limits, 'confirm_user', userId)
  return own.ok ? ok({ ...found, userId }) : own
}

function readProof(ports: AthPorts, call: AthCall): ReturnType<typeof parseUserProof> {
  const text = call.headers[userProofHeader]
  if (text === undefined) return fail({ kind: 'proof_missing' })
  return parseUserProof(text, {
    audiences: userProofAudiences(ports),
    method: call.method,
    target: targetOf(call),
    now: ports.clock.now(),
  })
}

/** Whom a proof may be made for: this server by its DID, or by one of its base URLs. */
function userProofAudiences({ config, nineStep }: AthPorts): readonly string[] {
  const urls = [config.baseUrl, ...config.aliases].flatMap((base) => [base, `${base}/`])
  return nineStep ? [nineStep.serverDid, ...urls] : urls
}

/** `htu`: the path, and the query as a form writes it. */
function targetOf({ path, query }: AthCall): string {
  const written = query.toString()
  return written === '' ? path : `${path}?${written}`
}

const unproven = (fault: HandshakeFault): { readonly ok: false; readonly error: Failure } =>
  fail({ reason: 'handshake_message', fault })
