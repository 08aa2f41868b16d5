import { randomBytes } from 'node:crypto'
import { checks } from '../check/check.ts'
import { describe, expectRefused, expectStatus, expectThat } from '../check/expect.ts'
import type { Subject, Token } from '../subject/subject.ts'

const own = ({ value, client }: Token) => ({
  token: value,
  client_id: client.id,
  client_secret: client.secret,
})

async function expectAlive(subject: Subject, token: Token, after: string): Promise<void> {
  const answer = await subject.call(token)
  expectThat(
    answer.status !== 401,
    `${after} the token no longer works: a call was answered ${describe(answer)}`,
  )
}

export const revoke = checks({
  'revoke-fields': async (subject) => {
    const token = await subject.freshToken()
    for (const member of ['token', 'client_id', 'client_secret'])
      expectRefused(
        await subject.revoke({ ...own(token), [member]: undefined }),
        `Revocation without ${member}`,
      )
    await expectAlive(subject, token, 'After revocations that lack a member')
    return 'each member must be there'
  },
  'revoke-own-only': async (subject) => {
    const token = await subject.freshToken()
    const other = await subject.otherClient()
    expectRefused(
      await subject.revoke({ ...own(token), client_id: other.id, client_secret: other.secret }),
      "Revocation of another agent's token",
    )
    expectRefused(
      await subject.revoke({ ...own(token), client_secret: 'ath_secret_wrong' }),
      'Revocation with a wrong secret',
    )
    await expectAlive(subject, token, "After another agent's revocation")
    return 'others cannot end it'
  },
  'revoke-authenticated': async (subject) => {
    const token = await subject.freshToken()
    expectRefused(await subject.revoke({ token: token.value }), 'Revocation without credentials')
    await expectAlive(subject, token, 'After a revocation without credentials')
    return 'refused, and the token lives'
  },
  'revoke-at-once': async (subject) => {
    const token = await subject.freshToken()
    await expectAlive(subject, token, 'Before anything was revoked')
    expectStatus(await subject.revoke(own(token)), 200, 'Revocation')
    expectRefused(await subject.call(token), 'A call with the revoked token', { status: 401 })
    return 'the next call is refused'
  },
  'revoke-unknown': async (subject) => {
    const client = await subject.client()
    const answer = await subject.revoke({
      token: `ath_tk_${randomBytes(32).toString('base64url')}`,
      client_id: client.id,
      client_secret: client.secret,
    })
    expectStatus(answer, 200, 'Revocation of a token that never was')
    return '200 too'
  },
  'revoke-statuses': async (subject) => {
    const token = await subject.freshToken()
    const other = await subject.otherClient()
    for (const [what, body, status] of [
      ['without secret', { ...own(token), client_secret: undefined }, 400],
      ['with a wrong secret', { ...own(token), client_secret: 'ath_secret_wrong' }, 401],
      ['without credentials', { token: token.value }, 401],
      [
        "of another's token",
        { ...own(token), client_id: other.id, client_secret: other.secret },
        403,
      ],
      ['of the own token', own(token), 200],
    ] as const) {
      const answer = await subject.revoke(body)
      expectThat(
        answer.status === status,
        `Revocation ${what}: answered ${describe(answer)}, expected ${status}`,
      )
      expectThat(Object.keys(answer.json).length > 0, `Revocation ${what}: the answer is no JSON`)
    }
    return '400, 401, 401, 403, 200'
  },
})
