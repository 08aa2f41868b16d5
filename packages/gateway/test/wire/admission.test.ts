import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { agentId, type Answer, call, openWorld, tokenText, type World } from './world.ts'

/** What the upstream was asked, so that a refusal can be shown to have stopped at the gateway. */
let asked = 0
let world: World

before(async () => {
  world = await openWorld({
    upstream: (_, response) => {
      asked++
      response.end('secret data')
    },
    rules: [
      ['oa:read', 'GET /api/**'],
      ['oa:write', 'POST /api/**'],
    ],
  })
})
after(() => world.close())

async function refused(answer: Promise<Answer>, status: number, code: string, reason?: string) {
  const count = asked
  const got = await answer
  assert.equal(got.status, status, got.body.toString())
  assert.equal(got.json()['code'], code)
  assert.equal(asked, count, 'the upstream was called')
  const record = world.events.at(-1)
  assert.notEqual(record?.outcome, 'allowed')
  if (reason !== undefined) assert.equal(record?.denial_reason, reason)
  return { got, record }
}

const without = (name: string) => {
  const { [name]: _, ...rest } = world.good
  return rest
}

describe('who may call', () => {
  test('[R88] [R91] [R99] a good token with its agent at its provider gets the upstream’s answer', async () => {
    const answer = await call(world, '/ath/proxy/oa/api/docs')
    assert.equal(answer.status, 200)
    assert.equal(answer.body.toString(), 'secret data')
    const record = world.events.at(-1)
    assert.equal(record?.event, 'proxy_request')
    assert.equal(record?.outcome, 'allowed')
    assert.equal(record?.user_id, 'usr_1')
    assert.equal(record?.agent_id, agentId)
    assert.equal(record?.upstream_status, 200)
    assert.equal(record?.bytes_out, 11)
  })

  test('[R91] no token is 401 TOKEN_INVALID with a challenge', async () => {
    const { got } = await refused(
      call(world, '/ath/proxy/oa/api/x', { headers: without('authorization') }),
      401,
      'TOKEN_INVALID',
      'token_absent',
    )
    assert.match(String(got.headers['www-authenticate']), /^Bearer /)
  })

  test('[R92] what has not the form of a token, and a token nobody issued, are both 401 TOKEN_INVALID', async () => {
    for (const [text, reason] of [
      ['nonsense', 'token_malformed'],
      [tokenText('Z'), 'token_unknown'],
    ] as const)
      await refused(
        call(world, '/ath/proxy/oa/api/x', {
          headers: { ...world.good, authorization: `Bearer ${text}` },
        }),
        401,
        'TOKEN_INVALID',
        reason,
      )
  })

  test('[R92] an expired token is 401 TOKEN_EXPIRED', async () => {
    const old = await world.addToken('old', { expiresAt: world.clock.now() })
    await refused(
      call(world, '/ath/proxy/oa/api/x', {
        headers: { ...world.good, authorization: `Bearer ${old}` },
      }),
      401,
      'TOKEN_EXPIRED',
    )
  })

  test('[R89] [R93] another agent with a stolen token is 403 AGENT_IDENTITY_MISMATCH', async () => {
    const thief = 'https://thief.example/.well-known/agent.json'
    const { record } = await refused(
      call(world, '/ath/proxy/oa/api/x', { headers: { ...world.good, 'x-ath-agent-id': thief } }),
      403,
      'AGENT_IDENTITY_MISMATCH',
      'agent_header_differs',
    )
    assert.deepEqual(record?.evidence, { agent_header: thief })
  })

  test('[R91] [C11] a missing X-ATH-Agent-ID is 403 AGENT_IDENTITY_MISMATCH', async () => {
    await refused(
      call(world, '/ath/proxy/oa/api/x', { headers: without('x-ath-agent-id') }),
      403,
      'AGENT_IDENTITY_MISMATCH',
      'agent_header_absent',
    )
  })

  test('[R93] two X-ATH-Agent-ID headers are nobody', async () => {
    await refused(
      call(world, '/ath/proxy/oa/api/x', {
        headers: [
          'host',
          'h',
          'authorization',
          world.good['authorization'] as string,
          'x-ath-agent-id',
          agentId,
          'x-ath-agent-id',
          agentId,
        ],
      }),
      403,
      'AGENT_IDENTITY_MISMATCH',
    )
  })

  test('[R89] [R94] a token at another provider is 403 PROVIDER_MISMATCH', async () => {
    await refused(call(world, '/ath/proxy/crm/api/x'), 403, 'PROVIDER_MISMATCH')
    await refused(call(world, '/ath/proxy/nobody/api/x'), 403, 'PROVIDER_MISMATCH')
  })

  test('[C11] [C16] with everything wrong the token is told first, then the provider, then the agent', async () => {
    const bare = { authorization: `Bearer ${tokenText('none')}` }
    await refused(call(world, '/ath/proxy/crm/../x', { headers: bare }), 401, 'TOKEN_INVALID')
    const headers = without('x-ath-agent-id')
    await refused(call(world, '/ath/proxy/crm/../x', { headers }), 403, 'PROVIDER_MISMATCH')
    await refused(call(world, '/ath/proxy/oa/../x', { headers }), 403, 'AGENT_IDENTITY_MISMATCH')
  })
})

describe('what may be called', () => {
  test('[R95] [R96] a path that no scope maps is 403 SCOPE_NOT_APPROVED and named in the answer', async () => {
    const { got, record } = await refused(
      call(world, '/ath/proxy/oa/admin'),
      403,
      'SCOPE_NOT_APPROVED',
      'scope_unmapped',
    )
    assert.equal(record?.event, 'scope_violation')
    assert.equal(record?.reached, 'authorize')
    assert.deepEqual(got.json()['details'], {
      reason: 'scope_unmapped',
      rule: 'no scope maps this method and path',
      method: 'GET',
      path: '/admin',
    })
  })

  test('[R96] [R98] a scope that was not granted is 403 and the answer says which would do', async () => {
    const narrow = await world.addToken('narrow', { scopes: ['oa:read'] })
    const { got, record } = await refused(
      call(world, '/ath/proxy/oa/api/x', {
        method: 'POST',
        headers: { ...world.good, authorization: `Bearer ${narrow}` },
      }),
      403,
      'SCOPE_NOT_APPROVED',
      'scope_not_granted',
    )
    assert.deepEqual((got.json()['details'] as { any_of: string[] }).any_of, ['oa:write'])
    assert.deepEqual(record?.denied_scopes, ['oa:write'])
    assert.match(String(got.headers['www-authenticate']), /scope="oa:write"/)
  })

  for (const path of [
    '/api/../admin',
    '/api/%2e%2e/admin',
    '/api/.%2e/admin',
    '/api/%252e%252e/admin',
    '/api%2f..%2fadmin',
    '/api/..%5cadmin',
    '/api/..\\admin',
    '/api/..;/admin',
    '/api;x=1/y',
    '/api//admin',
    '//api/x',
    '/api/%c0%ae%c0%ae/admin',
    '/api/%ef%bc%8e%ef%bc%8e/admin',
    '/api/%00',
    '/api/%zz',
  ])
    test(`[R95] the path ${path} is refused before the upstream hears of it`, async () => {
      await refused(call(world, `/ath/proxy/oa${path}`), 400, 'INVALID_REQUEST', 'path_ambiguous')
    })

  test('[R98] TRACE is refused, since it would show the credential that the gateway adds', async () => {
    const { got } = await refused(
      call(world, '/ath/proxy/oa/api/x', { method: 'TRACE' }),
      405,
      'INVALID_REQUEST',
    )
    assert.doesNotMatch(String(got.headers['allow']), /TRACE/)
  })

  test('a path without a provider is 404', async () => {
    for (const target of ['/ath/proxy/', '/ath/proxy//x', '/ath/proxy/%6fa/x'])
      assert.equal((await call(world, target)).status, 404)
  })
})

test('the record of a refused call is there before its answer, without the query', async () => {
  await refused(call(world, '/ath/proxy/oa/admin?name=secret'), 403, 'SCOPE_NOT_APPROVED')
  assert.equal(world.events.at(-1)?.path, '/admin')
  assert.doesNotMatch(JSON.stringify(world.events), /name=secret/)
  assert.ok(!JSON.stringify(world.events).includes(world.token), 'the token is in a record')
})
