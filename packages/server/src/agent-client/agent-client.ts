import {
  fail,
  ok,
  readAgentClientMetadata,
  type AgentClientMetadata,
  type AgentId,
  type Failure,
  type FieldError,
  type Result,
} from '@ath-protocol/types'
import type { AttestationVerifier } from '../ports/attestations.ts'

/** An agent that registered as a client of an OAuth server: what a consent page should show of it. */
export interface AgentClient {
  readonly agentId: AgentId
  /** The kind of agent, in its developer's word. */
  readonly type: string
  /** The scopes it said it will ask for. */
  readonly capabilities: readonly string[]
  /** It showed that it holds the key published at `agentId`. Else all of this is only what somebody says. */
  readonly proven: boolean
  /** The name published at `agentId` when proven, else `client_name` as it was sent. Escape it. */
  readonly name?: string
}

/** Why a registration is refused, ready for the error answer of RFC 7591 §3.2.2; `description` holds nothing secret. */
export interface AgentClientFault {
  readonly error:
    | 'invalid_client_metadata'
    | 'invalid_software_statement'
    | 'temporarily_unavailable'
  readonly description: string
}

export interface AgentClientOptions {
  /** Verifies what agents send as proof. Without it every agent is unproven. */
  readonly attestations?: AttestationVerifier
  /** What an attestation must be addressed to: the server's issuer identifier. */
  readonly audience: string
  /** Refuse agents that prove nothing. Default false. */
  readonly proofRequired?: boolean
  /** http agent ids on loopback, development only. Default false. */
  readonly allowLoopbackHttp?: boolean
}

/**
 * Reads who registers, for owners of an OAuth server (adoption level 2): undefined for a client that is no agent. An
 * attestation in `ath_agent_attestation`, or in `software_statement` (RFC 7591 §2.3), proves the agent id. One that does
 * not hold is refused rather than shown as unproven: it is somebody else's, or stale.
 */
export async function readAgentClient(
  metadata: unknown,
  options: AgentClientOptions,
): Promise<Result<AgentClient | undefined, AgentClientFault>> {
  const read = readAgentClientMetadata(metadata, {
    allowLoopbackHttp: options.allowLoopbackHttp ?? false,
  })
  if (!read.ok) return fail(malformed(read.error))
  if (!read.value) return ok(undefined)
  const said = saidOf(read.value)
  const attestation = read.value.ath_agent_attestation ?? read.value.software_statement
  if (options.attestations && attestation !== undefined) {
    const verified = await options.attestations.verify(attestation, {
      audiences: [options.audience],
      agentId: said.agentId,
    })
    return verified.ok
      ? ok({ ...said, proven: true, name: verified.value.document.name })
      : fail(unproven(read.value, verified.error))
  }
  if (!options.proofRequired) return ok(said)
  return fail({
    error: 'invalid_client_metadata',
    description: `agents have to prove themselves here: send \`ath_agent_attestation\`, addressed to ${options.audience}`,
  })
}

/** What the members say when nobody has checked them. */
export function saidOf(metadata: AgentClientMetadata): AgentClient {
  const name = metadata['client_name']
  return {
    agentId: metadata.ath_agent_id,
    type: metadata.ath_agent_type,
    capabilities: metadata.ath_capabilities_requested,
    proven: false,
    ...(typeof name === 'string' && name.trim() !== '' ? { name } : {}),
  }
}

/** The faults by their paths; no value comes back, so that the answer can hold nothing it should not. */
export function malformed(faults: readonly FieldError[]): AgentClientFault {
  return {
    error: 'invalid_client_metadata',
    // RFC 6749 §5.2: visible ASCII without quote and backslash.
    description: faults
      .map(({ path, problem }) => `${path}: ${problem}`)
      .join('; ')
      .replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "'"),
  }
}

function unproven(metadata: AgentClientMetadata, failure: Failure): AgentClientFault {
  if (failure.reason !== 'attestation')
    return { error: 'temporarily_unavailable', description: 'attestations cannot be checked now' }
  const member =
    metadata.ath_agent_attestation === undefined ? 'software_statement' : 'ath_agent_attestation'
  return {
    error:
      member === 'software_statement' ? 'invalid_software_statement' : 'invalid_client_metadata',
    description: `${member}: ${failure.fault.kind}`,
  }
}
