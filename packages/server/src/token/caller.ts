import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import { checkApproved } from '../endpoint/approved.ts'
import { checkClientSecret } from '../endpoint/client-secret.ts'
import type { Received } from '../endpoint/endpoint.ts'
import { findClient } from '../endpoint/find-client.ts'
import { takeLimit } from '../endpoint/limit.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { Registration } from '../ports/registry.ts'

/** What every request for a token carries to say who asks. */
export interface CallerFields {
  readonly client_id: string
  readonly client_secret: string
  readonly agent_attestation: string
}
/** The codes that peers answer for missing ones (C15, C16). */
export const missingCallerFields = [
  ['client_id', 'client_missing'],
  ['client_secret', 'client_missing'],
  ['agent_attestation', 'attestation_missing'],
] as const

export interface Identified {
  readonly agent: Registration
}
export interface Proven {
  /** The agent as it is after its attestation: it decides itself how long its document takes to come. */
  readonly proven: Registration
}

/** The client and its secret. */
export async function identifyCaller(
  ports: AthPorts,
  { call, request }: Received & { readonly request: CallerFields },
): Promise<Result<Identified, Failure>> {
  const found = await findClient(ports, request.client_id, { what: 'token_client', ip: call.ip })
  if (!found.ok) return found
  const checked = checkClientSecret(found.value, request.client_secret, ports.clock.now())
  if (!checked.ok) return checked
  const within = takeLimit(ports.limits, 'token_client', found.value.clientId)
  return within.ok ? ok({ agent: found.value }) : within
}

/** A fresh attestation, made for this endpoint: the secret alone is not the agent (R37, R39, R80). */
export async function proveCaller(
  ports: AthPorts,
  audiences: readonly string[],
  { request, agent }: { readonly request: CallerFields } & Identified,
): Promise<Result<Proven, Failure>> {
  const verified = await ports.attestations.verify(request.agent_attestation, {
    audiences,
    agentId: agent.agentId,
  })
  if (!verified.ok) return verified
  const proven = await ports.registry.findByClientId(agent.clientId)
  if (!proven) return fail({ reason: 'client_unknown' })
  const approved = checkApproved(proven, ports.clock.now())
  return approved.ok ? ok({ proven }) : approved
}
