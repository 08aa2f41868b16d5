import {
  canonicalWithout,
  checkTimestamp,
  type Did,
  exportPem,
  type Failure,
  fail,
  type HandshakeRequest,
  type HandshakeResponse,
  handshakeRequestSchema,
  handshakeTyp,
  importKeyText,
  keyOfDidKey,
  negotiate,
  type Negotiated,
  nineStepLifetimeSeconds,
  nonceMemorySeconds,
  ok,
  parseDid,
  prefix,
  type PublicKey,
  type Result,
  serverAuthPayload,
  signDetached,
} from '@ath-protocol/types'
import { type Endpoint, refusalEvent } from '../endpoint/endpoint.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { type Outcome, story } from '../story/stage.ts'
import { jsonAnswer } from '../wire/answer.ts'
import {
  faultResult,
  type ReadMessage,
  readMessage,
  type ReceivedMessage,
  refused,
  refuseMessage,
} from './message.ts'

type Read = ReadMessage<HandshakeRequest>
interface Identified {
  readonly did: Did
  readonly clientKey: PublicKey
}
interface Bound {
  readonly negotiated: Negotiated
}
interface Minted {
  readonly response: HandshakeResponse
}
type Told = ReceivedMessage & Read & Identified & Bound & Minted

/**
 * Steps 1 and 2 (D8, D11): reads who wants to come in and answers who is here, over a signature that covers everything
 * both have said. Nothing is proven of the client yet, so nothing but the handshake itself is written down.
 */
export const greetEndpoint: Endpoint<ReceivedMessage, Told> = {
  story: story<AthPorts, ReceivedMessage>()
    .stage('read', readMessage(handshakeRequestSchema))
    .stage('identify', identify)
    .stage('bind', bind)
    .stage('mint', greet),
  answer: (_ports, { response }) =>
    jsonAnswer(200, response, { 'ath-handshake-id': response.handshake_id }),
  record: ({ reached, gathered, result }: Outcome<Told>) => {
    const known = { client_did: gathered.did?.did }
    return result.ok
      ? {
          ...known,
          event: 'handshake_started',
          outcome: 'allowed',
          reached,
          handshake_id: result.value.response.handshake_id,
          evidence: { capabilities: result.value.response.capabilities },
        }
      : refusalEvent(reached, result.error, 'request_refused', known)
  },
  refuse: refuseMessage,
}

/** Longer than any greeting without members of its own: it is kept before anything is proven, for whoever sends one. */
const maxGreetingLength = 8192

/** What a DID says of its key by itself is checked here; labels and the web when the client has shown that it holds the key. */
async function identify(
  _ports: AthPorts,
  { message, canonical }: Read,
): Promise<Result<Identified, Failure>> {
  if (canonical.length > maxGreetingLength)
    return fail({
      reason: 'request_malformed',
      errors: [{ path: '', problem: `a greeting has at most ${maxGreetingLength} characters` }],
    })
  const did = parseDid(message.client_did)
  if (!did.ok) return refused('did_malformed', { member: 'client_did' })
  const clientKey = await importKeyText(message.client_pubkey)
  if (!clientKey.ok) return refused('key_malformed', { member: 'client_pubkey' })
  const { thumbprint } = clientKey.value
  if (did.value.method === 'ath_key' && did.value.thumbprint !== thumbprint)
    return refused('key_not_of_did', { evidence: thumbprint })
  if (did.value.method === 'key') {
    const own = await keyOfDidKey(did.value.multikey)
    if (!own.ok) return refused('did_malformed', { member: 'client_did' })
    if (own.value.thumbprint !== thumbprint) return refused('key_not_of_did')
  }
  return ok({ did: did.value, clientKey: clientKey.value })
}

async function bind(
  ports: AthPorts,
  { message, nineStep, clientKey }: Read & Identified,
): Promise<Result<Bound, Failure>> {
  const now = ports.clock.now()
  const fresh = faultResult(checkTimestamp(message.timestamp, { now }))
  if (!fresh.ok) return fresh
  const encryption = ports.config.nineStep?.encryption ?? 'off'
  const negotiated = negotiate(message, { encryption, keyAlg: clientKey.alg })
  if (!negotiated.ok) return faultResult(negotiated)
  const first = await nineStep.replay.claim(
    `handshake ${message.client_did}`,
    message.nonce,
    now + nonceMemorySeconds,
  )
  return first ? ok({ negotiated: negotiated.value }) : refused('nonce_replayed')
}

async function greet(
  ports: AthPorts,
  { message, canonical, nineStep, did, clientKey, negotiated }: Read & Identified & Bound,
): Promise<Result<Minted, Failure>> {
  const now = ports.clock.now()
  const { signer, publicKey } = nineStep.handshakeKey
  const unsigned = {
    type: 'handshake_response' as const,
    handshake_id: `${prefix.nineStep}${ports.random.token(32)}`,
    server_did: nineStep.serverDid,
    server_pubkey: await exportPem(publicKey.key),
    version: negotiated.version,
    capabilities: [...negotiated.capabilities],
    nonce: ports.random.token(24),
    timestamp: Math.floor(now),
  }
  const payload = await serverAuthPayload(canonical, canonicalWithout(unsigned))
  const response = { ...unsigned, signature: await signDetached(signer, handshakeTyp, payload) }
  await nineStep.handshakes.insert({
    id: response.handshake_id,
    state: 'greeted',
    clientDid: did.did,
    clientKey: clientKey.jwk,
    thumbprint: clientKey.thumbprint,
    encrypted: negotiated.encrypted,
    transcript: { m1: canonical, m2: canonicalWithout(response) },
    lastTimestamp: message.timestamp,
    createdAt: now,
    expiresAt: now + nineStepLifetimeSeconds,
  })
  return ok({ response })
}
