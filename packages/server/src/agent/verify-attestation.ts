import {
  checkAgentId,
  checkClaims,
  fail,
  ok,
  parseAttestation,
  verifySignature,
  type AttestationFault,
  type Clock,
  type Failure,
  type ParsedAttestation,
  type Result,
} from '@ath-protocol/types'
import type { AttestationVerifier } from '../ports/attestations.ts'
import type { IdentityDocuments } from '../ports/identity-documents.ts'
import type { ReplayStore } from '../ports/replay.ts'
import { createAgentKeys, type AgentKeys, type PublishedAgent } from './agent-keys.ts'

export interface AttestationVerifierOptions {
  readonly documents: IdentityDocuments
  readonly replay: ReplayStore
  readonly clock: Clock
  /** http agent ids on loopback, development only. */
  readonly allowLoopbackHttp: boolean
  /** Documents kept. Default 1000. */
  readonly maxAgents?: number
}

/**
 * Verifies attestations for real (R29–R34, C1, C6). What needs no network comes first, so that a bad one costs
 * nothing; the key is the one published at `sub`, never at `iss`; `jti` is claimed after the signature, so that
 * nobody fills the replay store with what an agent never signed.
 */
export function createAttestationVerifier(
  options: AttestationVerifierOptions,
): AttestationVerifier {
  const keys = createAgentKeys(options)
  return {
    async verify(jwt, expected) {
      const parsed = parseAttestation(jwt)
      if (!parsed.ok) return refuse(parsed.error)
      const attestation = parsed.value
      const { sub, jti, exp } = attestation.claims
      const claims = checkClaims(attestation.claims, { ...expected, now: options.clock.now() })
      if (!claims.ok) return refuse(claims.error)
      const agentId = checkAgentId(sub, options)
      if (!agentId.ok) return refuse(agentId.error)
      const agent = await verifyWithPublishedKey(keys, agentId.value, attestation)
      if (!agent.ok) return refuse(agent.error)
      const first = await claim(options.replay, sub, jti, exp)
      if (!first.ok) return first
      if (!first.value) return refuse({ kind: 'replayed', claim: 'jti' })
      return ok({ claims: attestation.claims, document: agent.value.document })
    },
  }
}

const refuse = (fault: AttestationFault): { readonly ok: false; readonly error: Failure } =>
  fail({ reason: 'attestation', fault })

/** A cached key that does not fit may have been replaced since: then, and only then, the document is fetched again (R23). */
async function verifyWithPublishedKey(
  keys: AgentKeys,
  agentId: URL,
  attestation: ParsedAttestation,
): Promise<Result<PublishedAgent, AttestationFault>> {
  const found = await keys.find(agentId)
  if (!found.ok) return found
  const { agent, cached } = found.value
  const first = await verifyWith(agent, attestation)
  const mayBeReplaced = !first.ok && cached && isKeyMismatch(first.error)
  if (!mayBeReplaced) return first
  const renewed = await keys.refetch(agentId, agent)
  return renewed ? verifyWith(renewed, attestation) : first
}

/** With several published keys, a `kid` that is not among them is what a wrong signature is with one. */
const isKeyMismatch = ({ kind }: AttestationFault) =>
  kind === 'signature_wrong' || kind === 'key_not_found'

async function verifyWith(
  agent: PublishedAgent,
  attestation: ParsedAttestation,
): Promise<Result<PublishedAgent, AttestationFault>> {
  const key = await agent.key(attestation.kid)
  if (!key.ok) return key
  const signature = await verifySignature(attestation, key.value)
  return signature.ok ? ok(agent) : signature
}

/** Without a replay store nothing is accepted (fail closed). */
async function claim(
  replay: ReplayStore,
  agentId: string,
  jti: string,
  expiresAt: number,
): Promise<Result<boolean, Failure>> {
  try {
    return ok(await replay.claim(agentId, jti, expiresAt))
  } catch (cause) {
    return fail({ reason: 'dependency_down', dependency: 'replay store', cause: String(cause) })
  }
}
