import { createAgentKey } from '../agent/agent.ts'
import { checks } from '../check/check.ts'
import { expectShape, expectThat } from '../check/expect.ts'
import type { Subject } from '../subject/subject.ts'
import type { Answer } from '../wire/http.ts'
import { errorSchema, statusOfCode } from '../wire/shapes.ts'

/** Refusals that every server must give, and that cost no consent. */
async function refusals(subject: Subject): Promise<readonly (readonly [string, Answer])[]> {
  const client = await subject.client()
  const forged = { ...client, agent: { ...client.agent, key: await createAgentKey() } }
  const unknown = { ...client, id: 'ath_conformance_unknown' }
  const token = { value: 'ath_tk_conformance_invented', client }
  return [
    ['Authorization signed by another key', await subject.authorize(forged)],
    ['Authorization of an unknown client', await subject.authorize(unknown)],
    [
      'Authorization for an unknown provider',
      await subject.authorize(client, { provider_id: 'conformance-no-such-provider' }),
    ],
    [
      'Authorization for an unknown scope',
      await subject.authorize(client, { scopes: ['conformance:no-such-scope'] }),
    ],
    ['Token request for no handshake', await subject.exchange(client, 'ath_sess_unknown')],
    ['A call with an invented token', await subject.call(token)],
  ]
}

export const errors = checks({
  'error-shape': async (subject) => {
    for (const [sent, answer] of await refusals(subject)) {
      const { code } = expectShape(errorSchema, answer, sent)
      expectThat(
        Object.hasOwn(statusOfCode, code),
        `${sent}: code is ${code}, which is none of the 16`,
      )
    }
    return 'code, message and details, with codes of the list'
  },
  'error-status': async (subject) => {
    const all = await refusals(subject)
    for (const [sent, { status, json }] of all) {
      const expected = statusOfCode[String(json['code'])]
      expectThat(
        status === expected,
        `${sent}: answered ${status} ${String(json['code'])}, expected ${expected ?? 'a code of the list'}`,
      )
    }
    return all.map(([, { status, json }]) => `${status} ${String(json['code'])}`).join(', ')
  },
  'malformed-input': async (subject) => {
    for (const [path, code] of [
      ['/ath/agents/register', 'INVALID_ATTESTATION'],
      ['/ath/authorize', undefined],
      ['/ath/token', 'AGENT_NOT_REGISTERED'],
      ['/ath/revoke', 'TOKEN_INVALID'],
    ] as const) {
      for (const body of ['{"client_id":', '[]', '"text"']) {
        const headers = { 'content-type': 'application/json' }
        const answer = await subject.send(subject.at(path), { method: 'POST', body, headers })
        expectThat(
          answer.status === 400,
          `POST ${path} with ${body}: answered ${answer.status}, expected 400`,
        )
      }
      const empty = await subject.send(subject.at(path), { method: 'POST', body: {} })
      expectThat(
        empty.status === 400 && (code === undefined || empty.json['code'] === code),
        `POST ${path} with {}: answered ${empty.status} ${String(empty.json['code'])}, expected 400 ${code ?? ''}`,
      )
    }
    return '400 everywhere, with the code of the first missing member'
  },
})
