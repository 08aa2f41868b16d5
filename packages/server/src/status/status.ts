import { type AgentRecord, type Failure, fail, ok, type Result } from '@ath-protocol/types'
import { endpointAudiences } from '../endpoint/audience.ts'
import { checkClientSecret } from '../endpoint/client-secret.ts'
import { type Endpoint, type Received, refusalEvent } from '../endpoint/endpoint.ts'
import { callerKey, takeLimit } from '../endpoint/limit.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { Registration } from '../ports/registry.ts'
import { publicStatus } from '../register/register.ts'
import { type Outcome, story } from '../story/stage.ts'
import { jsonAnswer } from '../wire/answer.ts'
import type { AthCall } from '../wire/http.ts'

export interface AboutClient extends Received {
  /** From the path. */
  readonly clientId: string
}
interface Identified {
  readonly caller: Registration
}
type Told = AboutClient & Identified

/** `GET /ath/agents/{client_id}` (R51–R54, C20): an agent looks at its own registration, and at nothing else. */
export const statusEndpoint: Endpoint<AboutClient, Told> = {
  story: story<AthPorts, AboutClient>()
    .stage('identify', identifyCaller)
    .stage('authorize', authorizeOwn),
  answer: (_ports, { caller }) => {
    const body: AgentRecord = {
      client_id: caller.clientId,
      agent_id: caller.agentId,
      agent_status: publicStatus(caller.status),
      approved_providers: [...caller.approvals],
      approval_expires: new Date(caller.approvalExpiresAt * 1000).toISOString(),
      registered_at: new Date(caller.registeredAt * 1000).toISOString(),
      developer: caller.developer,
      ...(caller.purpose === undefined ? {} : { purpose: caller.purpose }),
    }
    return jsonAnswer(200, body)
  },
  record: ({ reached, gathered, result }: Outcome<Told>) =>
    result.ok
      ? undefined
      : refusalEvent(reached, result.error, 'request_refused', {
          client_id: gathered.caller?.clientId,
          agent_id: gathered.caller?.agentId,
        }),
}

/** Authenticates first, whatever the path names: an unauthenticated caller learns nothing about who exists (R53). */
async function identifyCaller(
  ports: AthPorts,
  { call, clientId }: AboutClient,
): Promise<Result<Identified, Failure>> {
  const within = takeLimit(ports.limits, 'status_ip', callerKey(call.ip))
  if (!within.ok) return within
  const basic = readBasic(call)
  if (basic) return identifyBySecret(ports, basic)
  const attestation = readAttestation(call)
  if (attestation === undefined) return fail({ reason: 'credentials_absent' })
  const verified = await ports.attestations.verify(attestation, {
    audiences: endpointAudiences(ports.config, `/ath/agents/${clientId}`),
  })
  if (!verified.ok) return verified
  const caller = await ports.registry.findByAgentId(verified.value.claims.sub)
  return caller ? ok({ caller }) : fail({ reason: 'status_not_found' })
}

async function identifyBySecret(
  ports: AthPorts,
  { user, password }: { readonly user: string; readonly password: string },
): Promise<Result<Identified, Failure>> {
  const caller = await ports.registry.findByClientId(user)
  if (!caller) return fail({ reason: 'client_secret_wrong' })
  const checked = checkClientSecret(caller, password, ports.clock.now())
  return checked.ok ? ok({ caller }) : checked
}

/** A foreign registration and an unknown one look the same (R52, R53). */
function authorizeOwn(_ports: AthPorts, { caller, clientId }: Told): Result<object, Failure> {
  return caller.clientId === clientId ? ok({}) : fail({ reason: 'status_not_found' })
}

function readBasic(
  call: AthCall,
): { readonly user: string; readonly password: string } | undefined {
  const match = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(call.headers['authorization'] ?? '')
  if (!match?.[1]) return undefined
  const [user, ...rest] = Buffer.from(match[1], 'base64').toString('utf8').split(':')
  return user && rest.length > 0 ? { user, password: rest.join(':') } : undefined
}

function readAttestation(call: AthCall): string | undefined {
  return (
    call.headers['x-ath-agent-attestation'] ??
    /^Attestation (\S+)$/i.exec(call.headers['authorization'] ?? '')?.[1]
  )
}
