import { createAgentKey, pemOf } from '../agent/agent.ts'
import { attest } from '../agent/attestation.ts'
import { checks } from '../check/check.ts'
import { expectRefused, expectStatus, expectThat } from '../check/expect.ts'

export const identity = checks({
  'agent-id-form': async (subject) => {
    const elsewhere = await subject.newAgent({ path: '/agent.json' })
    expectRefused(await subject.register(elsewhere), `Registration of ${elsewhere.id}`)
    const { key } = await subject.newAgent()
    for (const id of ['conformance-agent', 'ftp://agent.example/.well-known/agent.json'])
      expectRefused(await subject.register({ id, key }), `Registration of agent_id ${id}`)
    return 'only the URL of an agent.json is taken as an agent id'
  },
  'document-published': async (subject) => {
    const agent = await subject.newAgent({ manner: 'absent' })
    expectRefused(await subject.register(agent), 'Registration of an agent whose document is 404')
    return 'who publishes no document is not registered'
  },
  'document-fields': async (subject) => {
    for (const [what, changes] of [
      ['without public_key', { public_key: undefined }],
      ['without name', { name: undefined }],
      ['without developer', { developer: undefined }],
      ['of another agent', { agent_id: 'https://other.example/.well-known/agent.json' }],
    ] as const) {
      const agent = await subject.newAgent({ changes })
      expectRefused(await subject.register(agent), `Registration with a document ${what}`)
    }
    return 'documents that lack a member, or are of another agent, are not taken'
  },
  'document-key-forms': async (subject) => {
    const key = await createAgentKey()
    const { alg: _, use: __, kid: ___, ...bare } = key.jwk
    for (const [what, public_key] of [
      ['PEM', await pemOf(key)],
      ['a JWK without kid', bare],
      ['a JWK as text', JSON.stringify(key.jwk)],
    ] as const) {
      const hosted = await subject.newAgent({ changes: { public_key } })
      const agent = { id: hosted.id, key }
      const agent_attestation = await attest(agent, subject.base, { header: { kid: 'default' } })
      const answer = await subject.register(agent, { agent_attestation })
      expectStatus(answer, 201, `Registration with a public_key as ${what}, kid "default"`)
    }
    return 'PEM, JWK and JWK as text are taken, whatever the kid'
  },
  'key-rotation': async (subject) => {
    const agent = await subject.newAgent()
    const client = await subject.enrol(agent)
    expectStatus(await subject.authorize(client), 200, 'Authorization before the key changed')
    const next = await createAgentKey()
    agent.publish(next)
    const rotated = { ...client, agent: { id: agent.id, key: next } }
    expectStatus(
      await subject.authorize(rotated),
      200,
      'Authorization with the new key, right after it was published',
    )
    return 'a wrong signature makes the verifier look at the document again'
  },
  'refetch-limit': async (subject) => {
    const agent = await subject.newAgent()
    const client = await subject.enrol(agent)
    const before = agent.fetches()
    const forger = { ...client, agent: { id: agent.id, key: await createAgentKey() } }
    for (let tries = 0; tries < 5; tries++)
      expectRefused(await subject.authorize(forger), 'Authorization signed by another key')
    const fetches = agent.fetches() - before
    expectThat(
      fetches <= 1,
      `After 5 wrong signatures the document was fetched ${fetches} times more, expected once a minute at most`,
    )
    return `5 wrong signatures made it fetch the document ${fetches === 1 ? 'once' : 'never'} more`
  },
  'fetch-timeouts': async (subject) => {
    const agent = await subject.newAgent({ manner: 'silent' })
    const { patienceSeconds } = subject.settings
    const started = Date.now()
    const answer = await subject.register(agent)
    const seconds = (Date.now() - started) / 1000
    expectThat(
      answer.status >= 400 && seconds <= patienceSeconds,
      `Registration of an agent whose host says nothing: answered ${answer.status} after ${seconds.toFixed(1)} s, expected a refusal within ${patienceSeconds} s`,
    )
    return `refused after ${seconds.toFixed(1)} s`
  },
})
