import {
  type Failure,
  fail,
  ok,
  prefix,
  type Result,
  secretRotationRequestSchema,
} from '@ath-protocol/types'
import { ownAudiences } from '../endpoint/audience.ts'
import { type Endpoint, refusalEvent } from '../endpoint/endpoint.ts'
import { callerKey, takeLimit } from '../endpoint/limit.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { readFields } from '../endpoint/read-fields.ts'
import type { Registration } from '../ports/registry.ts'
import { hashSecret } from '../secret/hash.ts'
import { type Outcome, story } from '../story/stage.ts'
import { jsonAnswer } from '../wire/answer.ts'
import { readBody } from '../wire/body.ts'
import type { AboutClient } from './status.ts'

interface Read {
  readonly attestationJwt: string
  readonly overlapSeconds: number
}
interface Identified {
  readonly agent: Registration
}
interface Minted {
  readonly clientSecret: string
}
type Told = AboutClient & Read & Identified & Minted

/**
 * `POST /ath/agents/{client_id}/secret`: a fresh client secret for whoever holds the agent's key (C13). The old one
 * stops at once, or after `overlap_seconds` where several instances share it.
 */
export const rotateSecretEndpoint: Endpoint<AboutClient, Told> = {
  story: story<AthPorts, AboutClient>()
    .stage('read', read)
    .stage('identify', identify)
    .stage('mint', mint),
  answer: (_ports, { agent, clientSecret }) =>
    jsonAnswer(200, { client_id: agent.clientId, client_secret: clientSecret }),
  record: ({ reached, gathered, result }: Outcome<Told>) => {
    const known = {
      client_id: gathered.clientId,
      agent_id: gathered.agent?.agentId,
      decided_by: 'agent',
    }
    return result.ok
      ? { ...known, event: 'secret_rotated' as const, outcome: 'allowed' as const, reached }
      : refusalEvent(reached, result.error, 'request_refused', known)
  },
}

function read(ports: AthPorts, { call }: AboutClient): Result<Read, Failure> {
  const within = takeLimit(ports.limits, 'status_ip', callerKey(call.ip))
  if (!within.ok) return within
  const body = readBody(call)
  if (!body.ok) return body
  const request = readFields(secretRotationRequestSchema, body.value, [
    ['agent_attestation', 'attestation_missing'],
  ])
  if (!request.ok) return request
  return ok({
    attestationJwt: request.value.agent_attestation,
    overlapSeconds: request.value.overlap_seconds ?? 0,
  })
}

async function identify(
  ports: AthPorts,
  { clientId, attestationJwt }: AboutClient & Read,
): Promise<Result<Identified, Failure>> {
  const verified = await ports.attestations.verify(attestationJwt, {
    audiences: ownAudiences(ports.config, `/ath/agents/${clientId}/secret`),
  })
  if (!verified.ok) return verified
  const agent = await ports.registry.findByAgentId(verified.value.claims.sub)
  return agent?.clientId === clientId ? ok({ agent }) : fail({ reason: 'status_not_found' })
}

async function mint(
  ports: AthPorts,
  { agent, overlapSeconds }: Read & Identified,
): Promise<Result<Minted, Failure>> {
  const clientSecret = `${prefix.secret}${ports.random.token(32)}`
  await ports.registry.update(agent.clientId, {
    secretHash: hashSecret(clientSecret),
    previousSecret: { hash: agent.secretHash, until: ports.clock.now() + overlapSeconds },
  })
  return ok({ clientSecret })
}
