import { randomBytes } from 'node:crypto'
import { createAgentKey } from '../agent/agent.ts'
import { attest } from '../agent/attestation.ts'
import { checks } from '../check/check.ts'
import { expectRefused, expectShape, expectStatus, expectThat } from '../check/expect.ts'
import { Unavailable } from '../check/verdict.ts'
import type { Subject } from '../subject/subject.ts'
import { intersectionSchema, tokenSchema } from '../wire/shapes.ts'

/** A handshake to which the person agreed, and its exchange: made here, so that a wrong answer is a finding. */
async function exchanged(subject: Subject, changes = {}) {
  const client = await subject.client()
  const { sessionId } = await subject.decided(client, 'approve')
  return { client, sessionId, answer: await subject.exchange(client, sessionId, changes) }
}

const isSame = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every((scope) => other.includes(scope))

export const token = checks({
  'token-audience': async (subject) => {
    const client = await subject.client()
    const { sessionId } = await subject.decided(client, 'approve')
    for (const audience of [subject.base, subject.at('/ath/authorize')])
      expectRefused(
        await subject.exchange(client, sessionId, {
          agent_attestation: await attest(client.agent, audience),
        }),
        `Token request with an attestation for ${audience}`,
        { status: 401, code: 'INVALID_ATTESTATION' },
      )
    return 'only the token endpoint is its audience'
  },
  'token-attested': async (subject) => {
    const client = await subject.client()
    const { sessionId } = await subject.decided(client, 'approve')
    const { privateKey } = await createAgentKey()
    const forged = await attest(client.agent, subject.at('/ath/token'), { key: privateKey })
    expectRefused(
      await subject.exchange(client, sessionId, { agent_attestation: forged }),
      'Token request signed by another key',
      { status: 401, code: 'INVALID_ATTESTATION' },
    )
    return 'refused'
  },
  'token-of-other': async (subject) => {
    const client = await subject.client()
    const other = await subject.otherClient()
    const { sessionId } = await subject.decided(client, 'approve')
    expectRefused(
      await subject.exchange(client, sessionId, {
        agent_attestation: await attest(other.agent, subject.at('/ath/token')),
      }),
      "Token request with another agent's attestation",
      { status: 403, code: 'AGENT_IDENTITY_MISMATCH' },
    )
    expectRefused(
      await subject.exchange(other, sessionId),
      "Token request of another agent for this agent's handshake",
    )
    return 'AGENT_IDENTITY_MISMATCH 403'
  },
  'token-fields': async (subject) => {
    const client = await subject.client()
    const { sessionId } = await subject.decided(client, 'approve')
    for (const member of ['grant_type', 'client_id', 'client_secret', 'code', 'ath_session_id'])
      expectRefused(
        await subject.exchange(client, sessionId, { [member]: undefined }),
        `Token request without ${member}`,
      )
    expectRefused(
      await subject.exchange(client, sessionId, { grant_type: 'client_credentials' }),
      'Token request with grant_type client_credentials',
    )
    expectRefused(
      await subject.exchange(client, sessionId, { client_secret: 'ath_secret_wrong' }),
      'Token request with a wrong secret',
    )
    return 'each member must be there and right'
  },
  'token-json': async (subject) => {
    const { answer } = await exchanged(subject)
    expectStatus(answer, 200, 'Token request as JSON')
    const type = answer.headers.get('content-type') ?? ''
    expectThat(/^application\/json\b/.test(type), `The token came as "${type}", expected JSON`)
    return 'JSON is taken and given'
  },
  'token-form': async (subject) => {
    const client = await subject.client()
    const { sessionId } = await subject.decided(client, 'approve')
    const answer = await subject.send(subject.at('/ath/token'), {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: client.id,
        client_secret: client.secret,
        agent_attestation: await attest(client.agent, subject.at('/ath/token')),
        code: 'ath-session',
        ath_session_id: sessionId,
      }),
    })
    expectStatus(answer, 200, 'Token request as a form')
    const revoked = await subject.send(subject.at('/ath/revoke'), {
      method: 'POST',
      body: new URLSearchParams({
        token: String(answer.json['access_token']),
        client_id: client.id,
        client_secret: client.secret,
      }),
    })
    expectStatus(revoked, 200, 'Revocation as a form')
    return 'forms are taken as well as JSON'
  },
  'token-session': async (subject) => {
    const client = await subject.client()
    const unknown = `ath_sess_${randomBytes(24).toString('base64url')}`
    expectRefused(await subject.exchange(client, unknown), 'Token request for no handshake', {
      status: 400,
      code: 'SESSION_NOT_FOUND',
    })
    return 'SESSION_NOT_FOUND 400'
  },
  'token-single-use': async (subject) => {
    const { client, sessionId, answer } = await exchanged(subject)
    expectStatus(answer, 200, 'The first exchange')
    expectRefused(await subject.exchange(client, sessionId), 'The second exchange of a handshake')
    return 'the second exchange is refused'
  },
  'token-answer': async (subject) => {
    const { client, answer } = await exchanged(subject)
    expectStatus(answer, 200, 'Token request after the person agreed')
    const body = expectShape(tokenSchema, answer, 'Token request')
    const { providerId } = await subject.target()
    expectThat(
      body.provider_id === providerId && body.agent_id === client.agent.id,
      `The token is of ${body.agent_id} for ${body.provider_id}, expected ${client.agent.id} for ${providerId}`,
    )
    return `${body.effective_scopes.join(', ')} for ${body.expires_in} s`
  },
  'token-intersection': async (subject) => {
    const client = await subject.client()
    const [wanted] = client.scopes
    if (wanted === undefined) throw new Unavailable('needs an approved scope')
    const { answer } = await subject.freshToken(client, { scopes: [wanted] })
    const { scope_intersection, effective_scopes } = expectShape(
      intersectionSchema,
      answer,
      'Token request',
    )
    const { agent_approved, user_consented, effective } = scope_intersection
    const intersection = [wanted].filter(
      (scope) => agent_approved.includes(scope) && user_consented.includes(scope),
    )
    expectThat(
      isSame(effective, intersection) && isSame(effective_scopes, effective),
      `Asked for ${wanted}, approved ${agent_approved.join(', ')}, consented ${user_consented.join(', ')}: effective is ${effective.join(', ')} and effective_scopes ${effective_scopes.join(', ')}, expected ${intersection.join(', ')}`,
    )
    return `asked for ${wanted}: effective is ${effective.join(', ')}`
  },
  'token-intersection-empty': async (subject) => {
    const client = await subject.client()
    const { sessionId, visit } = await subject.visited(client, 'approve', { tick: () => false })
    if (!visit.seen.some(({ answer }) => /type="?checkbox/.test(answer.text)))
      throw new Unavailable('the consent page has no boxes to leave empty')
    expectRefused(
      await subject.exchange(client, sessionId),
      'Token request after the person agreed to no scope',
    )
    return 'no scope, no token'
  },
  'token-intersection-shown': async (subject) => {
    const { answer } = await exchanged(subject)
    const { scope_intersection } = expectShape(intersectionSchema, answer, 'Token request')
    const { agent_approved, user_consented, effective } = scope_intersection
    return `approved ${agent_approved.length}, consented ${user_consented.length}, effective ${effective.length}`
  },
  'token-approved-listed': async (subject) => {
    const client = await subject.client()
    const { answer } = await subject.freshToken(client, { scopes: client.scopes.slice(0, 1) })
    const { scope_intersection } = expectShape(intersectionSchema, answer, 'Token request')
    expectThat(
      isSame(scope_intersection.agent_approved, client.scopes),
      `agent_approved is ${scope_intersection.agent_approved.join(', ')}, expected all that was approved: ${client.scopes.join(', ')}`,
    )
    return `all of ${client.scopes.join(', ')}`
  },
  'token-opaque': async (subject) => {
    const { answer } = await exchanged(subject)
    const { access_token, expires_in } = expectShape(tokenSchema, answer, 'Token request')
    expectThat(
      /^ath_tk_.{32,}$/.test(access_token),
      'The token has not the form ath_tk_… with enough characters not to be guessed',
    )
    expectThat(expires_in <= 3600, `The token lives ${expires_in} s, expected an hour at most`)
    return `opaque, ${expires_in} s`
  },
  'provider-tokens-kept': async (subject) => {
    const { answer } = await exchanged(subject)
    expectStatus(answer, 200, 'Token request')
    const strange = Object.keys(answer.json).filter((name) =>
      /refresh_token|id_token|provider_token|upstream|oauth_token/.test(name),
    )
    expectThat(strange.length === 0, `The answer holds ${strange.join(', ')}`)
    return "the answer holds none of the provider's tokens"
  },
  'both-sides-needed': async (subject) => {
    const client = await subject.client()
    const { sessionId } = await subject.start(client)
    expectThat(
      (await subject.exchange(client, sessionId)).status !== 200,
      'A token was issued before the person was asked',
    )
    const invented = { value: `ath_tk_${randomBytes(32).toString('base64url')}`, client }
    expectRefused(await subject.call(invented), 'A call with an invented token', { status: 401 })
    const stranger = { ...client, id: 'ath_conformance_unknown' }
    expectRefused(await subject.authorize(stranger), 'Authorization of an agent nobody approved')
    return 'without the service, or without the person, nothing opens'
  },
})
