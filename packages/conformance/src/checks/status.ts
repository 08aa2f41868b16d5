import { attest } from '../agent/attestation.ts'
import { checks } from '../check/check.ts'
import { expectRefused, expectShape, expectStatus, expectThat } from '../check/expect.ts'
import { basic, type Subject } from '../subject/subject.ts'
import { statusSchema } from '../wire/shapes.ts'

const ask = (subject: Subject, id: string, headers: Readonly<Record<string, string>> = {}) =>
  subject.send(subject.at(`/ath/agents/${id}`), { headers })

export const status = checks({
  'status-authenticated': async (subject) => {
    const { id } = await subject.client()
    expectRefused(await ask(subject, id), 'Status without credentials', { status: 401 })
    expectRefused(await ask(subject, id, basic(id, 'wrong')), 'Status with a wrong secret', {
      status: [401, 404],
    })
    return 'refused without credentials and with wrong ones'
  },
  'status-own-only': async (subject) => {
    const { id, secret } = await subject.client()
    const { id: other } = await subject.otherClient()
    expectRefused(await ask(subject, other, basic(id, secret)), "Status of another's registration")
    return "another's registration is not shown"
  },
  'status-no-oracle': async (subject) => {
    const { id } = await subject.client()
    const known = await ask(subject, id)
    const unknown = await ask(subject, `${id.slice(0, -4)}zzzz`)
    expectThat(
      known.status === unknown.status && known.json['code'] === unknown.json['code'],
      `Without credentials a known agent answers ${known.status}, an unknown one ${unknown.status}`,
    )
    expectRefused(known, 'Status without credentials')
    return 'known and unknown agents look the same to strangers'
  },
  'status-published': async (subject) => {
    const { id, secret, agent } = await subject.client()
    const answer = await ask(subject, id, basic(id, secret))
    expectStatus(answer, 200, 'Status with the own secret')
    expectThat(answer.json['agent_id'] === agent.id, 'The status is of another agent')
    return `agent_status is ${String(answer.json['agent_status'])}`
  },
  'status-credentials': async (subject) => {
    const { id, secret, agent } = await subject.client()
    const attested = { 'x-ath-agent-attestation': await attest(agent, subject.base) }
    for (const [what, headers] of [
      ['Basic', basic(id, secret)],
      ['an attestation', attested],
    ] as const) {
      const answer = await ask(subject, id, headers)
      expectStatus(answer, 200, `Status with ${what}`)
      expectShape(statusSchema, answer, `Status with ${what}`)
      expectThat(!answer.text.includes(secret), 'The status shows the client secret')
    }
    const { id: other } = await subject.otherClient()
    const foreign = await ask(subject, other, basic(id, secret))
    const unknown = await ask(subject, `${id.slice(0, -4)}zzzz`, basic(id, secret))
    expectThat(
      foreign.status === unknown.status,
      `Another's registration answers ${foreign.status}, one that does not exist ${unknown.status}`,
    )
    return 'Basic and an attestation show it, without the secret'
  },
})
