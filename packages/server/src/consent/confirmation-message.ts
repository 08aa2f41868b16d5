import {
  canonicalJson,
  type ConfirmationRequest,
  type ConfirmationResponse,
  qualifiedScope,
} from '@ath-protocol/types'
import type { ConsentDecided, ConsentRequest } from '../ports/consents.ts'
import type { Registration } from '../ports/registry.ts'

/**
 * Step 6 as canonical JSON: the question that a signed answer, or a passkey, answers (U7). It names what the person can
 * allow: what the service refused anyway is not theirs to give. The two-phase handshake has no DID; there the agent's
 * address stands in its place.
 */
export function confirmationMessage(
  consent: Omit<ConsentRequest, 'message' | 'decision' | 'risk' | 'restrictions'>,
  agent: Pick<Registration, 'name' | 'developer'>,
): string {
  const request: ConfirmationRequest = {
    type: 'authorization_confirmation_request',
    request_id: consent.id,
    client_did: consent.clientDid ?? consent.agentId,
    client_info: {
      name: agent.name.toWellFormed(),
      developer: agent.developer.name.toWellFormed(),
    },
    requested_scopes: consent.offered.map(qualifiedScope),
    expires_at: Math.floor(consent.expiresAt),
    timestamp: Math.floor(consent.createdAt),
  }
  return canonical(request)
}

/** Step 7 without its signature, as canonical JSON: a yes to these scopes for so long. `timestamp` in whole Unix seconds. */
export function approvalMessage(
  consent: Pick<ConsentRequest, 'id'>,
  chosen: Pick<ConsentDecided, 'scopes' | 'lifetimeSeconds'>,
  timestamp: number,
): string {
  const response: Omit<ConfirmationResponse, 'signature'> = {
    type: 'authorization_confirmation_response',
    request_id: consent.id,
    approved: true,
    approved_scopes: chosen.scopes.map(qualifiedScope),
    expires_at: timestamp + chosen.lifetimeSeconds,
    timestamp,
  }
  return canonical(response)
}

function canonical(message: object): string {
  const text = canonicalJson(message)
  if (!text.ok) throw new TypeError(`a message of the confirmation is not canonical: ${text.error}`)
  return text.value
}
