import { createAgentKey } from '../agent/agent.ts'
import { attest } from '../agent/attestation.ts'
import { checks } from '../check/check.ts'
import { expectRefused, expectShape, expectStatus, expectThat } from '../check/expect.ts'
import { Unavailable } from '../check/verdict.ts'
import type { Answer } from '../wire/http.ts'
import type { Client, Subject } from '../subject/subject.ts'
import { registrationSchema } from '../wire/shapes.ts'

const unknownScope = 'conformance:no-such-scope'

/** The answer to the registration of this run's agent, also where it failed. */
async function firstRegistration(subject: Subject): Promise<Answer> {
  if (subject.settings.credentials)
    throw new Unavailable('this run was given credentials, so it registers nobody')
  const { answer } = await subject.client()
  return answer as Answer
}

/** Registers an agent that wants only what nobody can have. */
async function unapproved(subject: Subject): Promise<{ answer: Answer; client: Client }> {
  const agent = await subject.newAgent()
  const { providerId, scopes } = await subject.target()
  const answer = await subject.register(agent, {
    requested_providers: [{ provider_id: providerId, scopes: [unknownScope] }],
  })
  const { client_id, client_secret } = answer.json
  return {
    answer,
    client: { agent, id: String(client_id), secret: String(client_secret), answer, scopes },
  }
}

export const registration = checks({
  'registration-fields': async (subject) => {
    const agent = await subject.newAgent()
    for (const member of ['agent_id', 'agent_attestation', 'developer', 'requested_providers'])
      expectRefused(
        await subject.register(agent, { [member]: undefined }),
        `Registration without ${member}`,
      )
    expectRefused(
      await subject.register(agent, { requested_providers: [] }),
      'Registration that asks for no provider',
    )
    return 'each member must be there'
  },
  'registration-attested': async (subject) => {
    const agent = await subject.newAgent()
    const forged = { id: agent.id, key: await createAgentKey() }
    const answer = await subject.register(forged)
    expectRefused(answer, 'Registration signed by another key', {
      status: 401,
      code: 'INVALID_ATTESTATION',
    })
    const other = await subject.newAgent()
    const agent_attestation = await attest(other, subject.base)
    expectRefused(
      await subject.register(agent, { agent_attestation }),
      "Registration with another agent's attestation",
    )
    return 'who cannot prove the agent id gets no credentials'
  },
  'registration-answer': async (subject) => {
    const answer = await subject.register(await subject.newAgent())
    expectThat(answer.status < 300, `Registration: answered ${answer.status}, expected 201`)
    const body = expectShape(registrationSchema, answer, 'Registration')
    return `status ${body.agent_status}, approved until ${body.approval_expires}`
  },
  'registration-subset': async (subject) => {
    const agent = await subject.newAgent()
    const { providerId, scopes } = await subject.target()
    const asked = [...scopes, unknownScope]
    const answer = await subject.register(agent, {
      requested_providers: [{ provider_id: providerId, scopes: asked }],
    })
    const { approved_providers } = expectShape(registrationSchema, answer, 'Registration')
    const decided = approved_providers.find(({ provider_id }) => provider_id === providerId)
    expectThat(
      decided !== undefined && !decided.approved_scopes.includes(unknownScope),
      `A scope that does not exist was approved: ${JSON.stringify(approved_providers)}`,
    )
    const all = [...decided.approved_scopes, ...decided.denied_scopes]
    expectThat(
      all.length === asked.length && asked.every((scope) => all.includes(scope)),
      `Approved and denied are ${all.join(', ')}; asked was ${asked.join(', ')}`,
    )
    return `approved ${decided.approved_scopes.join(', ')}; denied ${decided.denied_scopes.join(', ')}`
  },
  'registration-duplicate': async (subject) => {
    const { agent } = await subject.client()
    expectRefused(await subject.register(agent), 'Second registration of the same agent', {
      status: 409,
    })
    return 'the second registration answers 409'
  },
  'registration-duplicate-proven': async (subject) => {
    const { agent } = await subject.client()
    const answer = await subject.register(agent)
    expectRefused(answer, 'Second registration of the same agent', {
      status: 409,
      code: 'CONFLICT',
    })
    const forged = { id: agent.id, key: await createAgentKey() }
    expectRefused(
      await subject.register(forged),
      'Second registration of the same agent, signed by another key',
      { status: 401 },
    )
    return 'only who holds the key learns that the agent is registered'
  },
  'registration-created': async (subject) => {
    expectStatus(await subject.register(await subject.newAgent()), 201, 'Registration')
    return 'answered 201'
  },
  'approval-ends': async (subject) => {
    const { approval_expires } = (await firstRegistration(subject)).json
    const ends = Date.parse(String(approval_expires))
    expectThat(
      ends > Date.now(),
      `approval_expires is ${JSON.stringify(approval_expires)}, expected a time to come`,
    )
    return `the approval ends ${String(approval_expires)}`
  },
  'registration-own-callback': async (subject) => {
    const own = subject.at('/ath/callback')
    const client = await subject.enrol(await subject.newAgent(), { redirect_uris: [own] })
    const answer = await subject.authorize(client, { user_redirect_uri: own })
    expectStatus(answer, 200, "Authorization with the server's own callback as user_redirect_uri")
    return 'its own callback as redirect URI is no redirect'
  },
  'registration-undecided': async (subject) => {
    const { answer } = await unapproved(subject)
    expectStatus(answer, 201, 'Registration that cannot be approved')
    expectShape(registrationSchema, answer, 'Registration that cannot be approved')
    return `answered 201 with status ${String(answer.json['agent_status'])}`
  },
  'unapproved-agent': async (subject) => {
    const unknown = { ...(await subject.client()), id: 'ath_conformance_unknown' }
    expectRefused(await subject.authorize(unknown), 'Authorization of an unknown client', {
      status: 403,
      code: 'AGENT_NOT_REGISTERED',
    })
    const { answer, client } = await unapproved(subject)
    // Some servers approve agents that get no scope; then nothing of what they ask for is.
    if (answer.json['agent_status'] === 'approved')
      throw new Unavailable('this server approves agents that get no scope')
    expectRefused(
      await subject.authorize(client),
      `Authorization of an agent that is ${String(answer.json['agent_status'])}`,
      { status: 403, code: 'AGENT_UNAPPROVED' },
    )
    return `an agent that is ${String(answer.json['agent_status'])} cannot start`
  },
  'identifier-prefixes': async (subject) => {
    const { client_id, client_secret } = (await firstRegistration(subject)).json
    const { sessionId } = await subject.start(await subject.client())
    for (const [what, value, form] of [
      ['client_id', client_id, /^ath_/],
      ['client_secret', client_secret, /^ath_secret_.{22,}/],
      ['ath_session_id', sessionId, /^ath_sess_.{22,}/],
    ] as const)
      expectThat(
        typeof value === 'string' && form.test(value),
        `${what} has not the form ${form.source}`,
      )
    return 'ath_, ath_secret_ and ath_sess_, long enough not to be guessed'
  },
})
