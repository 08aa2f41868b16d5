import { randomBytes } from 'node:crypto'
import { checks } from '../check/check.ts'
import { describe, expectRefused, expectThat } from '../check/expect.ts'
import { Unavailable, Unmet } from '../check/verdict.ts'
import type { CallOptions, Subject, Token } from '../subject/subject.ts'
import { expectCallAdmitted } from './admitted-call.ts'

const stranger = 'https://other-agent.example/.well-known/agent.json'

interface Echoed {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly data: string
  readonly raw: string
}

/** A call to the path that answers with what reached it. */
async function echo(subject: Subject, token: Token, options: CallOptions): Promise<Echoed> {
  const { echo: path } = subject.settings
  if (path === undefined)
    throw new Unavailable('needs a path that answers with the request it got: give --echo')
  const { providerId } = await subject.target()
  const answer = await subject.call(token, { provider: providerId, ...options, path })
  const { method, headers, data } = answer.json
  if (typeof headers !== 'object' || headers === null)
    throw new Unmet(
      `${options.method ?? 'GET'} ${path}: answered ${describe(answer)}, expected { method, headers, data }`,
    )
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)])
  return {
    method: String(method),
    headers: Object.fromEntries(lower) as Record<string, string>,
    data: typeof data === 'string' ? data : '',
    raw: answer.text,
  }
}

export const call = checks({
  'call-headers': async (subject) => {
    const token = await subject.token()
    const called = await subject.call(token)
    // Straight at an app, whoever has no token is no agent, and the app's own log-in decides.
    const { providerId } = await subject.target()
    const { method, path } = subject.settings.call
    expectRefused(
      await subject.call(token, {
        method,
        path,
        provider: providerId,
        headers: { authorization: '' },
      }),
      'A call without a token',
      { status: 401 },
    )
    expectRefused(await subject.call(token, { agentId: null }), 'A call without X-ATH-Agent-ID')
    await expectCallAdmitted(subject, called, 'A call with token and X-ATH-Agent-ID')
    return 'both headers are needed'
  },
  'call-token': async (subject) => {
    const token = await subject.token()
    const invented = `ath_tk_${randomBytes(32).toString('base64url')}`
    for (const value of [invented, `${token.value}x`, token.value.slice(0, -1)])
      expectRefused(await subject.call({ ...token, value }), 'A call with an invented token', {
        status: 401,
        code: 'TOKEN_INVALID',
      })
    return 'TOKEN_INVALID 401'
  },
  'call-agent': async (subject) => {
    const token = await subject.token()
    expectRefused(
      await subject.call(token, { agentId: stranger }),
      "A call with another agent's X-ATH-Agent-ID",
      { status: 403, code: 'AGENT_IDENTITY_MISMATCH' },
    )
    return 'AGENT_IDENTITY_MISMATCH 403'
  },
  'call-agent-header': async (subject) => {
    const token = await subject.token()
    expectRefused(await subject.call(token, { agentId: null }), 'A call without X-ATH-Agent-ID', {
      status: 403,
      code: 'AGENT_IDENTITY_MISMATCH',
    })
    const { otherProviderId } = await subject.target()
    expectRefused(
      await subject.call(token, {
        agentId: null,
        provider: otherProviderId ?? 'conformance-no-such-provider',
      }),
      'A call to another provider without X-ATH-Agent-ID',
      { status: 403, code: 'PROVIDER_MISMATCH' },
    )
    return 'AGENT_IDENTITY_MISMATCH 403, after token and provider'
  },
  'call-provider': async (subject) => {
    const token = await subject.token()
    const { otherProviderId } = await subject.target()
    for (const provider of [otherProviderId, 'conformance-no-such-provider'])
      if (provider !== undefined)
        expectRefused(await subject.call(token, { provider }), `A call to provider ${provider}`, {
          status: 403,
          code: 'PROVIDER_MISMATCH',
        })
    return 'PROVIDER_MISMATCH 403'
  },
  'call-bound': async (subject) => {
    const token = await subject.token()
    const { otherProviderId } = await subject.target()
    const other = await subject.otherClient()
    expectRefused(
      await subject.call({ value: token.value, client: other }),
      "A call of another registered agent with this agent's token",
    )
    expectRefused(
      await subject.call(token, { provider: otherProviderId ?? 'conformance-no-such-provider' }),
      'A call to another provider',
    )
    await expectCallAdmitted(subject, await subject.call(token), 'A call of the agent itself')
    return 'the token opens nothing for another agent or provider'
  },
  'call-scope': async (subject) => {
    const token = await subject.token()
    const { refusedCall } = subject.settings
    expectRefused(
      await subject.call(token, refusedCall),
      `${refusedCall.method} ${refusedCall.path}, which no scope opens`,
      { status: 403, code: 'SCOPE_NOT_APPROVED' },
    )
    await expectCallAdmitted(subject, await subject.call(token), 'A call that the scopes open')
    return `${refusedCall.method} ${refusedCall.path} is refused`
  },
  'call-body-unchanged': async (subject) => {
    const token = await subject.token()
    const body = JSON.stringify({ text: 'ein Satz · 一句话', spaced: '  two  ', n: 1.5e3 }, null, 3)
    const { data, raw } = await echo(subject, token, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    })
    expectThat(
      data === body,
      `The upstream got ${data.length} characters, sent were ${body.length}`,
    )
    expectThat(raw.includes(JSON.stringify(body)), 'The answer was written anew on its way back')
    return 'request and answer came through byte for byte'
  },
  'call-credentials-kept': async (subject) => {
    const token = await subject.token()
    const { raw, headers } = await echo(subject, token, { headers: { cookie: 'agent=1' } })
    expectThat(!raw.includes(token.value), 'The ATH token went upstream')
    const strange = ['x-ath-agent-id', 'cookie'].filter((name) => headers[name] !== undefined)
    expectThat(strange.length === 0, `The agent's ${strange.join(' and ')} went upstream`)
    return "nothing of the agent's credentials went upstream"
  },
  'call-methods': async (subject) => {
    const token = await subject.token()
    const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
    for (const method of methods) {
      const got = await echo(subject, token, { method })
      expectThat(got.method === method, `${method} arrived as ${got.method}`)
    }
    return methods.join(', ')
  },
})
