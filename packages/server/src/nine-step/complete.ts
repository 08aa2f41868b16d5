import {
  canonicalWithout,
  cipherSuite,
  type Completion,
  type CompletionRequest,
  completionRequestSchema,
  createKeyShare,
  deriveSessionKeys,
  type Failure,
  fail,
  finishPayload,
  handshakeTyp,
  keyExchangeAlg,
  maxSessionSeconds,
  ok,
  prefix,
  readKeyShare,
  type Result,
  signDetached,
  timestampWindowSeconds,
  type Transcript,
  transcriptHash,
  verifyDetached,
} from '@ath-protocol/types'
import { checkApproved } from '../endpoint/approved.ts'
import { type Endpoint, refusalEvent } from '../endpoint/endpoint.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { Session } from '../ports/nine-step.ts'
import type { Registration } from '../ports/registry.ts'
import { checkMayIssue } from '../restriction/check-restrictions.ts'
import { type Outcome, story } from '../story/stage.ts'
import { jsonAnswer } from '../wire/answer.ts'
import { endSession } from '../grant/end-session.ts'
import { endHandshake, findHandshake, type FoundHandshake } from './find-handshake.ts'
import {
  findGrants,
  issueSessionToken,
  type SessionToken,
  tokenLifetime,
} from './issue-session-token.ts'
import {
  type ReadMessage,
  readMessage,
  type ReceivedMessage,
  refused,
  refuseMessage,
} from './message.ts'
import { requestOf } from '../settle/request-of.ts'
import { keysStand } from '../user/key-removed.ts'

type Read = ReadMessage<CompletionRequest>
interface Proven {
  readonly peerShare: CryptoKey
}
interface Authorized {
  readonly agent: Registration
  readonly session: Session
}
interface Minted {
  readonly completion: Completion
  readonly token: SessionToken
}
type Told = ReceivedMessage & Read & FoundHandshake & Proven & Authorized & Minted

/** Step 9 (D9, D17, U8): both sides agree on keys over all that was said, and the agent gets its access token. */
export const completeEndpoint: Endpoint<ReceivedMessage, Told> = {
  story: story<AthPorts, ReceivedMessage>()
    .stage('read', readMessage(completionRequestSchema))
    .stage('bind', (ports, { message, nineStep }) =>
      findHandshake(ports, nineStep, message, 'complete'),
    )
    .stage('prove', prove)
    .stage('authorize', authorize)
    .stage('mint', complete),
  answer: (_ports, { completion }) => jsonAnswer(200, completion),
  record: ({ reached, gathered, result }: Outcome<Told>) => {
    const known = {
      client_did: gathered.handshake?.clientDid,
      handshake_id: gathered.handshake?.id,
      agent_id: gathered.handshake?.agentId,
      client_id: gathered.handshake?.clientId,
      user_id: gathered.handshake?.userId,
    }
    return result.ok
      ? {
          ...known,
          event: 'session_opened',
          outcome: 'allowed',
          reached,
          session_id: result.value.session.id,
          effective_scopes: result.value.token.scopes,
        }
      : refusalEvent(reached, result.error, 'access_denied', known)
  },
  refuse: refuseMessage,
}

async function prove(
  ports: AthPorts,
  { message, nineStep, handshake, clientKey }: Read & FoundHandshake,
): Promise<Result<Proven, Failure>> {
  const end = (result: Result<Proven, Failure>) => endHandshake(ports, nineStep, handshake, result)
  if (message.key_exchange_alg !== keyExchangeAlg)
    return end(refused('key_exchange_unsupported', { evidence: message.key_exchange_alg }))
  if (message.cipher_suite !== cipherSuite)
    return end(refused('cipher_unsupported', { evidence: message.cipher_suite }))
  const payload = await finishPayload(
    'client',
    handshake.transcript as Transcript,
    canonicalWithout(message, 'signature'),
  )
  const verified = await verifyDetached(message.signature, handshakeTyp, payload, clientKey)
  if (!verified.ok)
    return end(refused('signature_wrong', { member: 'signature', evidence: verified.error }))
  const peerShare = await readKeyShare(message.key_exchange_params)
  return peerShare.ok
    ? ok({ peerShare: peerShare.value })
    : end(refused('key_share_malformed', { member: 'key_exchange_params' }))
}

/** Both doors once more, as they are now: the service's approval, and that the credential still stands. */
async function authorize(
  ports: AthPorts,
  { call, nineStep, handshake }: ReceivedMessage & Read & FoundHandshake,
): Promise<Result<Authorized, Failure>> {
  const { clientId = '', userId = '', credentialId = '', agentId = '' } = handshake
  const now = ports.clock.now()
  const end = (failure: Failure) =>
    endHandshake<Authorized>(ports, nineStep, handshake, fail(failure))
  const agent = await ports.registry.findByClientId(clientId)
  if (!agent) return end({ reason: 'client_unknown' })
  const approved = checkApproved(agent, now)
  if (!approved.ok) return end(approved.error)
  const { keyThumbprint = handshake.thumbprint } = agent
  if (keyThumbprint !== handshake.thumbprint)
    return end({ reason: 'handshake_message', fault: { kind: 'key_not_of_did' } })
  // Before anything is used up, and without an end: inside its hours and network the agent may come again.
  const may = checkMayIssue(ports, agent, await findGrants(ports, handshake.grants), call.ip)
  if (!may.ok) return may
  const credential = await nineStep.preAuthorizations.find(userId, credentialId)
  if (!credential || credential.revokedAt !== undefined)
    return end({ reason: 'handshake_message', fault: { kind: 'credential_revoked' } })
  // A credential that is good for one time is used up here, where something is given for it.
  if (!(await nineStep.preAuthorizations.use(userId, credentialId, now)))
    return end({ reason: 'handshake_message', fault: { kind: 'credential_used' } })
  const lifetime = handshake.grantLifetimeSeconds ?? requestOf(handshake).ttl
  return ok({
    agent,
    session: {
      id: `${prefix.session}${ports.random.token(16)}`,
      handshakeId: handshake.id,
      clientId,
      agentId,
      clientDid: handshake.clientDid,
      clientKey: handshake.clientKey,
      thumbprint: handshake.thumbprint,
      userId,
      grants: handshake.grants ?? [],
      credentialId,
      createdAt: now,
      expiresAt: Math.min(
        now + Math.min(lifetime, maxSessionSeconds),
        agent.approvalExpiresAt,
        credential.expiresAt + timestampWindowSeconds,
      ),
    },
  })
}

async function complete(
  ports: AthPorts,
  exchange: Read & FoundHandshake & Proven & Authorized,
): Promise<Result<Minted, Failure>> {
  const { message, canonical, nineStep, handshake, agent, session, peerShare } = exchange
  const now = ports.clock.now()
  // Completed first: of two last messages at once only one comes past this line.
  const completed = await nineStep.handshakes.advance(handshake.id, 'complete', now, {
    lastTimestamp: message.timestamp,
  })
  if (!completed) return refused('out_of_order')
  const transcript = handshake.transcript as Transcript
  const share = await createKeyShare()
  const unsigned = {
    type: 'handshake_complete' as const,
    handshake_id: handshake.id,
    key_exchange_alg: keyExchangeAlg,
    key_exchange_params: share.params,
    cipher_suite: cipherSuite,
    token_type: 'Bearer' as const,
    expires_in: tokenLifetime(ports, session, Math.floor(now)),
    session_id: session.id,
    timestamp: Math.floor(now),
  }
  const own = canonicalWithout(unsigned)
  const salt = await transcriptHash(transcript, canonical, own)
  const keys = await deriveSessionKeys(share.privateKey, peerShare, salt, handshake.id)
  await nineStep.sessions.insert(handshake.encrypted ? { ...session, keys } : session)
  for (const { grantId } of session.grants)
    await ports.grants.confirm(grantId, session.expiresAt, session.id)
  // Looked at after the session is there: whoever takes the credential back at this moment finds the session, or is seen here.
  const credential = await nineStep.preAuthorizations.find(session.userId, session.credentialId)
  const stands =
    credential !== undefined &&
    credential.revokedAt === undefined &&
    (await keysStand(ports, nineStep, session))
  // As of the instant that the answer says: a second may have begun since.
  const token = stands
    ? await issueSessionToken(ports, nineStep, session, agent, unsigned.timestamp)
    : undefined
  if (!token) {
    await endSession(ports, session, 'gateway')
    return fail({ reason: 'session_over' })
  }
  const payload = await finishPayload('server', transcript, canonical, own)
  const signature = await signDetached(nineStep.handshakeKey.signer, handshakeTyp, payload)
  return ok({
    token,
    completion: { ...unsigned, access_token: token.accessToken, signature },
  })
}
