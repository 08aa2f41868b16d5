import {
  canonicalWithout,
  clientAuthPayload,
  type Failure,
  handshakeTyp,
  type IdentityProof,
  type IdentityResult,
  identityProofSchema,
  ok,
  type Result,
  verifyDetached,
} from '@ath-protocol/types'
import { type Endpoint, refusalEvent } from '../endpoint/endpoint.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { Registration } from '../ports/registry.ts'
import { type Outcome, story } from '../story/stage.ts'
import { jsonAnswer } from '../wire/answer.ts'
import { admitAgent } from './admit-agent.ts'
import { endHandshake, findHandshake, type FoundHandshake } from './find-handshake.ts'
import {
  errorMessage,
  type ReadMessage,
  readMessage,
  type ReceivedMessage,
  refused,
  sentHandshakeId,
} from './message.ts'
import { supportedScopes } from '../settle/request-of.ts'

type Read = ReadMessage<IdentityProof>
interface Authorized {
  readonly agent: Registration
}
interface Minted {
  readonly identityResult: IdentityResult
}
type Told = ReceivedMessage & Read & FoundHandshake & Authorized & Minted

/** Steps 3 and 4 (D9, D11): the client proves that it holds its key, and that the service approved it. */
export const identifyEndpoint: Endpoint<ReceivedMessage, Told> = {
  story: story<AthPorts, ReceivedMessage>()
    .stage('read', readMessage(identityProofSchema))
    .stage('bind', (ports, { message, nineStep }) =>
      findHandshake(ports, nineStep, message, 'identify'),
    )
    .stage('prove', prove)
    .stage('authorize', authorize)
    .stage('mint', conclude),
  answer: (_ports, { identityResult }) => jsonAnswer(200, identityResult),
  record: ({ reached, gathered, result }: Outcome<Told>) => {
    const known = {
      client_did: gathered.handshake?.clientDid,
      handshake_id: gathered.handshake?.id,
      agent_id: gathered.agent?.agentId,
      client_id: gathered.agent?.clientId,
    }
    return result.ok
      ? { ...known, event: 'identity_proven', outcome: 'allowed', reached }
      : refusalEvent(reached, result.error, 'access_denied', known)
  },
  // A failure is a result too: the step has its own message for it (U12).
  refuse: (ports, { gathered }, failure, recordId) => {
    const code = (JSON.parse(errorMessage(failure, recordId, undefined).body) as { code: string })
      .code
    return errorMessage(failure, recordId, sentHandshakeId(gathered.body), {
      type: 'identity_result',
      success: false,
      error: code,
      timestamp: Math.floor(ports.clock.now()),
    })
  },
}

async function prove(
  ports: AthPorts,
  { message, nineStep, handshake, clientKey }: Read & FoundHandshake,
): Promise<Result<object, Failure>> {
  const { m1 = '', m2 = '' } = handshake.transcript
  const payload = await clientAuthPayload(m1, m2, canonicalWithout(message, 'signature'))
  const verified = await verifyDetached(message.signature, handshakeTyp, payload, clientKey)
  return verified.ok
    ? ok({})
    : endHandshake(
        ports,
        nineStep,
        handshake,
        refused('signature_wrong', { member: 'signature', evidence: verified.error }),
      )
}

async function authorize(
  ports: AthPorts,
  { message, nineStep, handshake }: Read & FoundHandshake,
): Promise<Result<Authorized, Failure>> {
  const agent = await admitAgent(ports, nineStep, handshake, message.credentials ?? [])
  return agent.ok
    ? ok({ agent: agent.value })
    : endHandshake<Authorized>(ports, nineStep, handshake, agent)
}

async function conclude(
  ports: AthPorts,
  { message, canonical, nineStep, handshake, agent }: Read & FoundHandshake & Authorized,
): Promise<Result<Minted, Failure>> {
  const { config } = ports
  const now = ports.clock.now()
  const identityResult: IdentityResult = {
    type: 'identity_result',
    handshake_id: handshake.id,
    success: true,
    metadata: {
      scopes_supported: [...supportedScopes(config).keys()],
      token_max_ttl: config.nineStep?.sessionLifetimeSeconds ?? 0,
      require_user_confirmation: config.nineStep?.confirmation !== 'unless_covered',
      endpoints: Object.fromEntries(
        [...config.providers.keys()].map((id) => [id, `${config.baseUrl}/ath/proxy/${id}`]),
      ),
    },
    error: null,
    timestamp: Math.floor(now),
  }
  const advanced = await nineStep.handshakes.advance(handshake.id, 'identify', now, {
    agentId: agent.agentId,
    clientId: agent.clientId,
    lastTimestamp: message.timestamp,
    transcript: { m3: canonical, m4: canonicalWithout(identityResult) },
  })
  // Of two proofs at once the second is a replay.
  return advanced
    ? ok({ identityResult })
    : endHandshake(ports, nineStep, handshake, refused('out_of_order'))
}
