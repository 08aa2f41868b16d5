import {
  type Failure,
  fail,
  ok,
  lodgedCredentialSchema,
  parseCredential,
  type Result,
  wantedCredentialSchema,
} from '@ath-protocol/types'
import { type Endpoint, type Received, refusalEvent } from '../endpoint/endpoint.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { readFields } from '../endpoint/read-fields.ts'
import type { AuditEvent } from '../ports/audit.ts'
import type { PreAuthorization } from '../ports/nine-step.ts'
import { type Outcome, story } from '../story/stage.ts'
import { jsonAnswer } from '../wire/answer.ts'
import { readBody } from '../wire/body.ts'
import { admitCredential } from './admit-credential.ts'
import { authorizationView } from './authorization-view.ts'
import { clientThumbprint, thumbprintOfText } from './client-key.ts'
import { proveCaller } from './inbox.ts'
import { checkRoom, issueCredential } from './issue-credential.ts'
import type { ProvenUser } from './prove-user.ts'
import { revokeCredential } from './revoke-credential.ts'

interface Proven {
  readonly user: ProvenUser
}
interface Listed {
  readonly authorizations: readonly PreAuthorization[]
}
interface Made {
  readonly authorization: PreAuthorization
  /** The text, where it was made here. */
  readonly credential: string | undefined
}
interface AboutCredential extends Received {
  /** From the path, still percent-encoded. */
  readonly encodedId: string
}
interface Revoked {
  readonly id: string
}

/** `GET /ath/credentials` (extension): what this person allowed ahead of time, as far as it was seen here. */
export const listCredentialsEndpoint: Endpoint<Received, Received & Proven & Listed> = {
  story: story<AthPorts, Received>().stage('prove', proveCaller).stage('read', list),
  answer: ({ clock }, { authorizations }) =>
    jsonAnswer(200, {
      credentials: authorizations.map((one) => authorizationView(one, clock.now())),
    }),
  record: refusalsOnly,
}

/**
 * `POST /ath/credentials` (extension): lodges a credential that the person signed, or has the server make one in their
 * name (U6). What is lodged can be seen and revoked before any agent shows it.
 */
export const makeCredentialEndpoint: Endpoint<Received, Received & Proven & Made> = {
  story: story<AthPorts, Received>().stage('prove', proveCaller).stage('mint', make),
  answer: ({ clock }, { authorization, credential }) =>
    jsonAnswer(201, {
      ...authorizationView(authorization, clock.now()),
      ...(credential === undefined ? {} : { credential }),
    }),
  record: refusalsOnly,
}

/** `DELETE /ath/credentials/{id}` (extension): never counts again, and what it opened ends (D21). */
export const revokeCredentialEndpoint: Endpoint<
  AboutCredential,
  AboutCredential & Proven & Revoked
> = {
  story: story<AthPorts, AboutCredential>().stage('prove', proveCaller).stage('mint', revoke),
  answer: (_ports, { id }) => jsonAnswer(200, { id, status: 'revoked' }),
  record: refusalsOnly,
}

function refusalsOnly({
  reached,
  gathered,
  result,
}: Outcome<Received & Proven>): AuditEvent | undefined {
  if (result.ok) return undefined
  return refusalEvent(reached, result.error, 'request_refused', { user_id: gathered.user?.userId })
}

async function list({ nineStep }: AthPorts, { user }: Proven): Promise<Result<Listed, Failure>> {
  return ok({ authorizations: (await nineStep?.preAuthorizations.list(user.userId)) ?? [] })
}

async function make(
  ports: AthPorts,
  { call, user }: Received & Proven,
): Promise<Result<Made, Failure>> {
  const body = readBody(call)
  if (!body.ok) return body
  if (body.value['credential'] === undefined) return issue(ports, user, body.value)
  const lodged = readFields(lodgedCredentialSchema, body.value, [])
  return lodged.ok ? lodge(ports, user, lodged.value.credential) : lodged
}

async function issue(
  ports: AthPorts,
  user: ProvenUser,
  body: Record<string, unknown>,
): Promise<Result<Made, Failure>> {
  const read = readFields(wantedCredentialSchema, body, [])
  if (!read.ok) return read
  const wanted = read.value
  const named =
    wanted.client_pubkey === undefined
      ? ok(wanted.client_thumbprint)
      : await thumbprintOfText(wanted.client_pubkey)
  if (!named.ok) return fail({ reason: 'handshake_message', fault: named.error })
  const key = await clientThumbprint(ports, wanted.client_did, named.value)
  if (!key.ok) return fail({ reason: 'handshake_message', fault: key.error })
  return issueCredential(ports, user.userId, {
    clientDid: wanted.client_did,
    clientThumbprint: key.value,
    scopes: [...new Set(wanted.scopes)],
    lifetimeSeconds: wanted.ttl,
    oneTime: wanted.one_time === true,
  })
}

/** Checked as a handshake would check it, from the client that it names. */
async function lodge(
  ports: AthPorts,
  user: ProvenUser,
  text: string,
): Promise<Result<Made, Failure>> {
  const room = await checkRoom(ports, user.userId)
  if (!room.ok) return room
  const parsed = parseCredential(text)
  if (!parsed.ok) return fail({ reason: 'handshake_message', fault: parsed.error })
  const { clientDid, clientThumbprint: named } = parsed.value.credential
  const admitted = await admitCredential(ports, text, {
    clientDid,
    clientThumbprint: named ?? '',
  })
  if (!admitted.ok) return admitted
  const { userId, authorization } = admitted.value
  return userId === user.userId
    ? ok({ authorization, credential: undefined })
    : fail({ reason: 'handshake_message', fault: { kind: 'credential_key_unknown' } })
}

async function revoke(
  ports: AthPorts,
  { encodedId, user }: AboutCredential & Proven,
): Promise<Result<Revoked, Failure>> {
  const id = decoded(encodedId)
  if (id === undefined || id.length > 128)
    return fail({
      reason: 'request_malformed',
      errors: [{ path: 'id', problem: 'is not a percent-encoded credential id' }],
    })
  await revokeCredential(ports, user.userId, id)
  return ok({ id })
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
