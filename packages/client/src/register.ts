import {
  type AgentRecord,
  agentRecordSchema,
  type Discovery,
  type RegistrationRequest,
  type RegistrationResponse,
  readWire,
  registrationResponseSchema,
  type ServiceDiscovery,
} from '@ath-protocol/types'
import { type AgentContext, ask } from './agent-context.ts'
import { wantedScopes } from './allot.ts'
import { AthError } from './ath-error.ts'
import { endpointAt } from './place.ts'

export interface RegisterRequest {
  /** What is asked of whom. */
  readonly providers?:
    | readonly { readonly provider_id: string; readonly scopes: readonly string[] }[]
    | undefined
  /** In place of `providers`: each is asked of the one provider that offers it. */
  readonly scopes?: readonly string[] | undefined
  readonly developer: RegistrationRequest['developer']
  /** The agent's own words; users see them on the consent page, marked as such. */
  readonly purpose?: string | undefined
  /** Only for agents that receive the browser themselves (C7). */
  readonly redirectUris?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
}

/** `POST /ath/agents/register` (R40–R42). Any 2xx carries the decision, also `pending` and `denied` (C22). */
export async function registerAgent(
  context: AgentContext,
  description: Discovery | ServiceDiscovery,
  { providers, scopes, developer, purpose, redirectUris, signal }: RegisterRequest,
): Promise<RegistrationResponse> {
  return ask(context, {
    method: 'POST',
    url: endpointAt(
      context.base,
      description['agent_registration_endpoint'],
      '/ath/agents/register',
    ),
    body: {
      agent_id: context.agentId,
      agent_attestation: await context.attest(context.base),
      developer,
      requested_providers: providers ?? allotted(description, scopes),
      ...(purpose === undefined ? {} : { purpose }),
      ...(redirectUris && redirectUris.length > 0 ? { redirect_uris: redirectUris } : {}),
    },
    read: (value) => readWire(registrationResponseSchema, value),
    signal,
  })
}

const allotted = (description: Discovery | ServiceDiscovery, scopes: readonly string[] = []) =>
  Object.entries(wantedScopes(description, scopes)).map(([provider_id, scopes]) => ({
    provider_id,
    scopes,
  }))

/** `GET /ath/agents/{client_id}`, by the client secret or, without one, by the agent's key (C20). */
export async function readStatus(
  context: AgentContext,
  signal?: AbortSignal,
): Promise<AgentRecord> {
  const credentials = context.credentials()
  if (!credentials) throw new AthError('CREDENTIALS_MISSING')
  const { clientId, clientSecret } = credentials
  const proof: Record<string, string> =
    clientSecret === undefined
      ? { 'x-ath-agent-attestation': await context.attest(context.base) }
      : { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` }
  return ask(context, {
    method: 'GET',
    url: `${context.base}/ath/agents/${encodeURIComponent(clientId)}`,
    headers: proof,
    read: (value) => readWire(agentRecordSchema, value),
    signal,
  })
}

const rotatedSecretSchema = registrationResponseSchema.pick({
  client_id: true,
  client_secret: true,
})

export interface RotateRequest {
  /** How long the old secret still works: 0 (default) to 86 400. */
  readonly overlapSeconds?: number | undefined
  /** For an agent that lost its credentials but holds its key; a `CONFLICT` names it in `details.client_id`. */
  readonly clientId?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** `POST /ath/agents/{client_id}/secret`: a new secret for whoever holds the agent's key (C13). */
export async function rotateClientSecret(
  context: AgentContext,
  { overlapSeconds, clientId = context.credentials()?.clientId, signal }: RotateRequest,
): Promise<Required<{ readonly clientId: string; readonly clientSecret: string }>> {
  if (clientId === undefined) throw new AthError('CREDENTIALS_MISSING')
  const url = `${context.base}/ath/agents/${encodeURIComponent(clientId)}/secret`
  const answer = await ask(context, {
    method: 'POST',
    url,
    body: {
      agent_attestation: await context.attest(url),
      ...(overlapSeconds === undefined ? {} : { overlap_seconds: overlapSeconds }),
    },
    read: (value) => readWire(rotatedSecretSchema, value),
    signal,
  })
  if (answer.client_id !== clientId)
    throw new AthError('ANSWER_REFUSED', { message: 'the new secret is for another client' })
  return { clientId, clientSecret: answer.client_secret }
}
