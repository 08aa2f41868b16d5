import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { hashSecret } from '@ath-protocol/server'
import { createDidKey } from '@sallyport/testing'
import { clientDid, openSessionWorld, type SessionWorld } from './session-world.ts'
import { agentId, type Answer, call } from './world.ts'

let asked = 0
let world: SessionWorld
before(async () => {
  world = await openSessionWorld({
    upstream: (request, response) => {
      asked++
      response.end(request.url)
    },
  })
})
after(() => world.close())

const get = (target: string, headers: Record<string, string> = world.bearer) =>
  call(world, target, { headers })

async function refused(answer: Promise<Answer>, status: number, code: string, reason: string) {
  const count = asked
  const got = await answer
  assert.equal(got.status, status, got.body.toString())
  assert.equal(got.json()['code'], code)
  assert.equal(asked, count, 'the upstream was called')
  const record = world.events.at(-1)
  assert.notEqual(record?.outcome, 'allowed')
  assert.equal(record?.denial_reason, reason)
}

const withToken = (jwt: string) => get('/ath/proxy/oa/x', { authorization: `Bearer ${jwt}` })

describe('the access token of a session', () => {
  test('[U9] [D17] [U10] one token opens both of its providers, and the record names session and DID', async () => {
    for (const target of ['/ath/proxy/oa/a', '/ath/proxy/crm/b', '/oa/a', '/crm/b']) {
      assert.equal((await get(target)).status, 200)
      const record = world.events.at(-1)
      assert.equal(record?.session_id, 'ath_ses_1')
      assert.equal(record?.client_did, clientDid)
      assert.equal(record?.grant_id, target.includes('oa') ? 'gnt_1' : 'gnt_crm')
    }
  })

  test('[U10] the agent may say who it is, by DID or by agent id, but not be somebody else', async () => {
    for (const name of [clientDid, agentId])
      assert.equal((await get('/oa/a', { ...world.bearer, 'x-ath-agent-id': name })).status, 200)
    for (const name of ['did:ath:other', 'https://thief.example/.well-known/agent.json', ''])
      await refused(
        get('/oa/a', { ...world.bearer, 'x-ath-agent-id': name }),
        403,
        'AGENT_IDENTITY_MISMATCH',
        'agent_header_differs',
      )
  })

  test('[R89] [U9] at a provider that it does not name it is 403 PROVIDER_MISMATCH', async () => {
    const narrow = await world.issue({ claims: { ath_provider: ['crm'] } })
    await refused(withToken(narrow), 403, 'PROVIDER_MISMATCH', 'provider_differs')
    await refused(get('/ath/proxy/nobody/x'), 403, 'PROVIDER_MISMATCH', 'provider_differs')
  })

  test('[U9] the token of a session that ended is TOKEN_REVOKED, also to a gateway that never saw it', async (t) => {
    const ended = await openSessionWorld({ upstream: (_, response) => response.end() })
    t.after(() => ended.close())
    await ended.sessions.revoke('ath_ses_1', ended.clock.now())
    await ended.grants.revoke('gnt_1', ended.clock.now())
    const answer = await call(ended, '/oa/a', { headers: ended.bearer })
    assert.equal(answer.status, 401)
    assert.equal(answer.json()['code'], 'TOKEN_REVOKED')
    assert.equal(ended.events.at(-1)?.denial_reason, 'token_revoked')
  })

  test('[U9] a signature of another key, also one under our kid, is no token', async () => {
    const other = await createDidKey()
    const foreign = await world.issue({ signer: other.signer })
    const posing = await world.issue({
      signer: { ...other.signer, kid: world.tokenKey.publicKey.thumbprint },
    })
    for (const jwt of [foreign, posing])
      await refused(withToken(jwt), 401, 'TOKEN_INVALID', 'token_unknown')
  })

  test('[U9] a JWT of another issuer, for another audience or of another type is no token', async () => {
    for (const changes of [
      { claims: { iss: 'https://other.example' } },
      { claims: { aud: 'https://other.example' } },
      { typ: 'JWT' },
      { typ: 'ath-hs+jws' },
      { typ: 'ath-user-auth+jwt' },
    ])
      await refused(withToken(await world.issue(changes)), 401, 'TOKEN_INVALID', 'token_unknown')
  })

  test('[U9] a changed claim, alg none, a DER signature and a cut token are no token', async () => {
    const [head = '', body = '', mark = ''] = world.jwt.split('.')
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const der = sign('sha256', Buffer.from(`${head}.${body}`), privateKey).toString('base64url')
    for (const [jwt, reason] of [
      [`${head}.${part({ ...claims, exp: claims.exp + 1 })}.${mark}`, 'token_unknown'],
      [`${part({ alg: 'none', typ: 'at+jwt' })}.${body}.${mark}`, 'token_unknown'],
      [`${part({ alg: 'HS256', typ: 'at+jwt' })}.${body}.${mark}`, 'token_unknown'],
      [`${head}.${body}.${der}`, 'token_unknown'],
      [`${head}.${body}.`, 'token_malformed'],
      [`${head}.${body}`, 'token_malformed'],
      [`${part({ alg: 'ES256', typ: 'at+jwt', crit: ['x'] })}.${body}.${mark}`, 'token_malformed'],
      [`${head}.${part({ ...claims, jti: 'short' })}.${mark}`, 'token_malformed'],
      [`${head}.${part([])}.${mark}`, 'token_malformed'],
      [`${'a'.repeat(9000)}.${body}.${mark}`, 'token_malformed'],
    ] as const)
      await refused(withToken(jwt), 401, 'TOKEN_INVALID', reason)
  })

  test('[U9] a good signature without its record is no token: what was swept cannot come back', async () => {
    const lost = await world.issue({ kept: [] })
    await refused(withToken(lost), 401, 'TOKEN_INVALID', 'token_unknown')
    const old = await world.issue({ kept: [], claims: { exp: world.clock.now() - 1 } })
    await refused(withToken(old), 401, 'TOKEN_EXPIRED', 'token_expired')
  })

  test('[D17] an expired token is refused, also at a provider that it never opened', async () => {
    const old = await world.issue({ claims: { exp: world.clock.now() } })
    await refused(withToken(old), 401, 'TOKEN_EXPIRED', 'token_expired')
    await refused(
      get('/ath/proxy/nobody/x', { authorization: `Bearer ${old}` }),
      401,
      'TOKEN_EXPIRED',
      'token_expired',
    )
  })

  test('[U9] it is no opaque token: its text hashed as one finds nothing', async () => {
    assert.equal(await world.tokens.find(hashSecret(world.jwt)), undefined)
  })
})

test('[U9] [R107] ending one grant of a session stops the token there and nowhere else; suspension stops it everywhere', async (t) => {
  const other = await openSessionWorld()
  t.after(() => other.close())
  const status = async (target: string) =>
    (await call(other, target, { headers: other.bearer })).status
  assert.equal(await status('/oa/x'), 200)
  assert.equal(await status('/crm/x'), 200)
  await other.grants.revoke('gnt_1', other.clock.now())
  other.dataPath.live.grantRevoked('gnt_1')
  assert.equal(await status('/oa/x'), 401)
  assert.equal(await status('/crm/x'), 200)
  await other.registry.update('ath_client', { status: 'suspended' })
  other.dataPath.live.agentChanged('ath_client')
  assert.equal(await status('/crm/x'), 403)
})

test('[U9] a token of a session that has ended, or of none, is refused when it is first seen', async (t) => {
  const other = await openSessionWorld()
  t.after(() => other.close())
  await other.sessions.revoke('ath_ses_1', other.clock.now())
  const answer = await call(other, '/oa/x', { headers: other.bearer })
  assert.equal(answer.status, 401)
})

test('[U9] many calls at once with a token not seen before verify and load it once', async (t) => {
  const other = await openSessionWorld()
  t.after(() => other.close())
  let finds = 0
  const { find } = other.tokens
  other.tokens.find = (hash) => {
    finds++
    return find.call(other.tokens, hash)
  }
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => call(other, '/oa/x', { headers: other.bearer })),
  )
  assert.ok(answers.every(({ status }) => status === 200))
  assert.equal(finds, 1)
})
