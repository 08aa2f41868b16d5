import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { type TestContext, test } from 'node:test'
import {
  createDidKey,
  createNineStepGateway,
  createTestAgent,
  type DidKey,
  type NineStepGateway,
  type NineStepGatewayOptions,
} from '@sallyport/testing'
import { AthError, discoverGateway, type AtGateway } from '@ath-protocol/client'
import {
  type HandshakeEvent,
  type HandshakeWish,
  handshake,
  type PendingConfirmation,
  readHandshakeKey,
  resumeHandshake,
  type StoredHandshake,
} from '@ath-protocol/client/nine-step'

interface Bench {
  readonly gateway: NineStepGateway
  readonly agent: DidKey
  /** What `handshake` is called with unless a test says else. */
  options(changes?: Partial<HandshakeWish & AtGateway>): Promise<HandshakeWish & AtGateway>
}

async function setUp(
  test: TestContext,
  options: NineStepGatewayOptions & { readonly alg?: 'ES256' | 'EdDSA' } = {},
): Promise<Bench> {
  const gateway = await createNineStepGateway(options)
  test.after(() => gateway.close())
  const agent = await createDidKey(options.alg)
  await gateway.approveAgent(agent.did)
  return {
    gateway,
    agent,
    options: async (changes = {}) => ({
      gateway: gateway.url,
      key: { privateKey: agent.privateKey, publicKey: agent.publicKey.key },
      scopes: ['oa:read', 'crm:write'],
      ttl: 28_800,
      context: 'query OA approvals and update CRM customers',
      credential: await gateway.credential(agent, { lifetimeSeconds: 30_000 }),
      ...changes,
    }),
  }
}

const code = (expected: string, reason?: string) => (error: unknown) => {
  assert.ok(error instanceof AthError, String(error))
  assert.equal(error.code, expected)
  if (reason !== undefined) assert.equal(error.details['reason'], reason)
  return true
}

const steps = (gateway: NineStepGateway) => gateway.seen.map((one) => one.replace(/hs_.*/, 'hs_…'))

test('[D1] [D8] [D9] [D17] [U8] the scenario: an agent gets through all nine steps and calls both systems', async (t) => {
  const { gateway, agent, options } = await setUp(t)
  const events: HandshakeEvent['step'][] = []
  const pending: PendingConfirmation[] = []
  const session = await handshake(
    await options({
      onProgress: ({ step }) => void events.push(step),
      onPending: (one) => void pending.push(one),
    }),
  )
  assert.deepEqual(events, ['discovered', 'greeted', 'identified', 'granted', 'completed'])
  assert.equal(pending.length, 1)
  assert.equal(pending[0]?.handshakeId.length, 'ath_hs_'.length + 43)
  assert.deepEqual(steps(gateway), [
    'GET /.well-known/ath.json',
    'POST /ath/handshake handshake_request',
    'POST /ath/handshake identity_proof',
    'POST /ath/handshake scope_request',
    'GET /ath/handshake/ath_hs_…',
    'POST /ath/handshake handshake_complete',
  ])
  assert.deepEqual(session.scopesGranted, ['oa:read', 'crm:write'])
  assert.deepEqual(session.providers, ['oa', 'crm'])
  assert.equal(session.ttlGranted, 28_800)
  assert.equal(session.agentId, agent.did)
  assert.equal(session.encrypted, false)
  assert.ok(session.expiresAt <= Date.now() / 1000 + 3600)
  assert.ok(session.grantExpiresAt > Date.now() / 1000 + 28_700)
  assert.deepEqual(session.restrictions, {
    by_provider: { oa: [{ ip_whitelist: ['10.0.0.0/8'], rate_limit: '100/second' }] },
  })

  const list = await session.request('GET', '/oa/api/approval/list?state=open')
  assert.deepEqual(await list.json(), { provider: 'oa', path: '/api/approval/list?state=open' })
  await session.request('POST', '/crm/api/customer/123', { json: { status: 'following_up' } })
  const [, update] = gateway.called
  assert.deepEqual(
    [update?.method, update?.provider, update?.path],
    ['POST', 'crm', '/api/customer/123'],
  )
  assert.deepEqual(JSON.parse(update?.body ?? ''), { status: 'following_up' })
  assert.equal(update?.headers['content-type'], 'application/json')
  assert.equal(update?.claims.cnf.jkt, agent.publicKey.thumbprint)
})

test('[D3] [U11] an Ed25519 key works as well, in every form a key comes in', async (t) => {
  const { gateway, agent, options } = await setUp(t, { alg: 'EdDSA' })
  const jwk = (await crypto.subtle.exportKey('jwk', agent.privateKey)) as Record<string, string>
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', agent.privateKey))
  const pem = `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`
  for (const key of [pem, JSON.stringify(jwk), jwk as never]) {
    const session = await handshake(await options({ key }))
    assert.equal((await session.fetch('/oa/x')).status, 200)
  }
  assert.equal(gateway.called.length, 3)
})

test('a key that is none is refused without a word of it', async () => {
  for (const key of [
    '',
    'secret words',
    '{"kty":"EC","crv":"P-256","d":"c2VjcmV0"}',
    '{"kty":"oct","k":"secret"}',
  ])
    await assert.rejects(readHandshakeKey(key), (error) => {
      assert.ok(code('KEY_INVALID')(error))
      assert.doesNotMatch(inspect(error), /secret|c2VjcmV0/)
      return true
    })
})

test('[U5] an agent with an identity document vouches for the key of its handshake', async (t) => {
  const registered = await createTestAgent()
  const { gateway, options } = await setUp(t, { documents: [registered] })
  await gateway.approveAgent(registered.agentId)
  const session = await handshake(
    await options({
      // A key that nobody has approved: the attestation alone lets it in.
      ...(await strangerWithCredential(gateway)),
      attestation: {
        agentId: registered.agentId,
        key: { privateKey: registered.key.privateKey, keyId: registered.key.kid },
      },
    }),
  )
  assert.equal(session.agentId, registered.agentId)
  assert.equal((await session.fetch('/oa/x')).status, 200)
  assert.equal(gateway.called[0]?.headers['x-ath-agent-id'], registered.agentId)
})

test('[D10] [U5] an agent that nobody approved is told so, and does not try again', async (t) => {
  const { gateway, options } = await setUp(t)
  await assert.rejects(
    handshake(await options(await strangerWithCredential(gateway))),
    code('AGENT_NOT_REGISTERED'),
  )
  assert.equal(gateway.seen.filter((one) => one.includes('handshake_request')).length, 1)
})

async function strangerWithCredential(gateway: NineStepGateway) {
  const stranger = await createDidKey()
  return {
    key: { privateKey: stranger.privateKey, publicKey: stranger.publicKey.key },
    credential: await gateway.credential(stranger),
  }
}

test('[D15] [U14] what the user narrowed is all there is, and a no is a typed error', async (t) => {
  const { gateway, options } = await setUp(t)
  gateway.onAsked = { scopes: [{ providerId: 'oa', name: 'oa:read' }], lifetimeSeconds: 600 }
  const session = await handshake(await options())
  assert.deepEqual(session.scopesGranted, ['oa:read'])
  assert.deepEqual(session.providers, ['oa'])
  assert.equal(session.ttlGranted, 600)
  assert.equal(session.scopesDenied[0]?.scope, 'crm:write')
  await assert.rejects(session.fetch('/crm/api/customer/1'), code('ORIGIN_REFUSED'))

  gateway.onAsked = { approved: false }
  await assert.rejects(handshake(await options()), (error) => {
    assert.ok(code('USER_DENIED')(error))
    const denied = (error as AthError).details['scopes_denied'] as { scope: string }[]
    assert.deepEqual(
      denied.map(({ scope }) => scope),
      ['oa:read', 'crm:write'],
    )
    return true
  })
})

test('[U14] where the user was never asked, an empty grant is not called their no', async (t) => {
  const { options } = await setUp(t)
  await assert.rejects(handshake(await options({ scopes: ['oa:reed'] })), (error) => {
    assert.ok(code('SCOPE_NOT_APPROVED')(error))
    const { message, fix } = error as AthError
    assert.match(message, /oa:reed \(not_supported\)/)
    assert.match(fix, /spelling/)
    return true
  })
})

test('[D12] a credential that does not hold is not tried again', async (t) => {
  const { gateway, options } = await setUp(t)
  const credential = await gateway.credential(await createDidKey())
  await assert.rejects(
    handshake(await options({ credential })),
    code('INVALID_CREDENTIAL', 'credential_of_other_client'),
  )
  assert.equal(gateway.seen.filter((one) => one.includes('handshake_request')).length, 1)
})

test('[D10] a refused proof is tried three times in all, each from the start with a fresh nonce', async (t) => {
  let refuse = 2
  const { gateway, options } = await setUp(t, {
    intercept: (request, response) => {
      if (request.method !== 'POST' || refuse === 0) return false
      refuse -= 1
      response
        .writeHead(401, { 'content-type': 'application/json' })
        .end(
          '{"code":"INVALID_ATTESTATION","message":"the identity proof is not valid","details":{"reason":"nonce_replayed"}}',
        )
      return true
    },
  })
  let again = 0
  const told = await options({ onProgress: ({ step }) => void (again += Number(step === 'again')) })
  const session = await handshake(told)
  assert.equal(again, 2)
  assert.equal(session.scopesGranted.length, 2)
  refuse = 3
  await assert.rejects(handshake(told), code('INVALID_ATTESTATION', 'nonce_replayed'))
  assert.equal(again, 4)
  assert.equal(gateway.asked.length, 1)
})

test('[U3] a person may take their time; giving up, aborting and expiry are told apart', async (t) => {
  const { gateway, options } = await setUp(t)
  gateway.onAsked = 'wait'
  await assert.rejects(handshake(await options({ consentTimeoutSeconds: 1 })), (error) => {
    assert.ok(code('CONSENT_PENDING')(error))
    assert.equal(typeof (error as AthError).details['request_id'], 'string')
    return true
  })
  const abort = new AbortController()
  const reason = new Error('enough')
  const aborted = handshake(
    await options({
      signal: abort.signal,
      onPending: () => setTimeout(() => abort.abort(reason), 50),
    }),
  )
  await assert.rejects(aborted, (error) => error === reason)
  // Lets the gateway go, which still holds its answer back.
  await gateway.answer({ approved: false })
  const slow = handshake(
    await options({ onPending: () => setTimeout(() => void gateway.answer(), 700) }),
  )
  assert.equal((await slow).scopesGranted.length, 2)
})

test('[D10] a question that nobody answered in time ends in 408', async (t) => {
  let late = 0
  const now = () => Date.now() / 1000 + late
  const { gateway, options } = await setUp(t, { now })
  gateway.onAsked = 'wait'
  const waiting = handshake(
    await options({
      clock: { now },
      consentTimeoutSeconds: 1,
      onPending: () => void (late = 301),
    }),
  )
  await assert.rejects(waiting, (error) => {
    assert.ok(code('SESSION_EXPIRED')(error))
    assert.equal((error as AthError).status, 408)
    return true
  })
})

test('[D7] [D19] each handshake has keys of its own, and a token of an hour is renewed by proof of the key', async (t) => {
  const { gateway, options } = await setUp(t)
  gateway.tokenLifetimeSeconds = 50
  const renewed: StoredHandshake[] = []
  const session = await handshake(
    await options({ onRenewed: (stored) => void renewed.push(stored) }),
  )
  const first = session.accessToken
  gateway.tokenLifetimeSeconds = 3600
  const answers = await Promise.all(['/oa/1', '/crm/2', '/oa/3'].map((path) => session.fetch(path)))
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  )
  assert.equal(gateway.seen.filter((one) => one.endsWith('token_refresh')).length, 1)
  assert.notEqual(session.accessToken, first)
  assert.equal(renewed[0]?.accessToken, session.accessToken)
  assert.ok(session.expiresAt > Date.now() / 1000 + 3500)
  await session.refresh()
  assert.equal(gateway.seen.filter((one) => one.endsWith('token_refresh')).length, 2)
})

test('[U9] a token that the gateway finds expired is renewed once and the call sent again', async (t) => {
  let late = 0
  const { gateway, options } = await setUp(t, { now: () => Date.now() / 1000 + late })
  const session = await handshake(await options())
  const before = session.accessToken
  // This machine's clock still thinks the token is good.
  late = 250
  Object.assign(gateway.ports.config, { tokenLifetimeSeconds: 3600 })
  gateway.tokenLifetimeSeconds = 100
  await session.refresh()
  late = 290
  const response = await session.fetch('/oa/x', { method: 'POST', body: 'a' })
  assert.equal(response.status, 200)
  assert.notEqual(session.accessToken, before)
})

test('a session is kept without the agent’s key and taken up again; its secrets show in no log', async (t) => {
  const { gateway, options } = await setUp(t)
  const all = await options()
  const session = await handshake(all)
  const kept = JSON.parse(JSON.stringify(session.stored())) as StoredHandshake
  assert.equal(kept.accessToken, session.accessToken)
  assert.equal(kept.keys, undefined)
  for (const shown of [JSON.stringify(session), inspect(session, { depth: 9 })])
    assert.equal(shown.includes(session.accessToken), false)
  const again = await resumeHandshake(kept, { key: all.key })
  assert.equal((await again.fetch('/oa/x')).status, 200)
  await again.refresh()
  const other = await createDidKey()
  const stranger = await resumeHandshake(kept, {
    key: { privateKey: other.privateKey, publicKey: other.publicKey.key },
  })
  await assert.rejects(stranger.refresh(), code('INVALID_ATTESTATION', 'signature_wrong'))
  assert.equal(gateway.called.length, 1)
})

test('[U9] an ended session opens nothing, renews nothing, and is not renewed in vain', async (t) => {
  const { gateway, options } = await setUp(t)
  const session = await handshake(await options())
  await session.end()
  assert.equal(gateway.seen.at(-1), 'POST /ath/handshake session_end')
  await assert.rejects(session.request('GET', '/oa/x'), code('TOKEN_REVOKED'))
  await assert.rejects(session.refresh(), code('TOKEN_REVOKED'))
})

for (const target of [
  'https://evil.example/oa/x',
  '//evil.example/x',
  '/ath/handshake',
  '/finance/x',
  '/oa/../ath/handshake',
  '/oa/../../x',
  'oa/x',
  '',
])
  test(`the token never goes to ${target === '' ? 'an empty path' : target}`, async (t) => {
    const { gateway, options } = await setUp(t)
    const session = await handshake(await options())
    await assert.rejects(session.fetch(target), code('ORIGIN_REFUSED'))
    assert.equal(gateway.called.length, 0)
  })

test('whole URLs of the gateway, with or without its proxy path, are taken too', async (t) => {
  const { gateway, options } = await setUp(t)
  const session = await handshake(await options())
  for (const target of [
    `${gateway.url}/oa/x?a=1`,
    `${gateway.url}/ath/proxy/oa/x?a=1`,
    '/ath/proxy/oa/x?a=1',
  ])
    await session.request('GET', target)
  await session.request('GET', new URL(`${gateway.url}/oa/x?a=1`))
  await session.fetch(new Request(`${gateway.url}/oa/x?a=1`))
  assert.deepEqual(new Set(gateway.called.map(({ path }) => path)), new Set(['/x?a=1']))
})

test('a gateway without the nine-step handshake is told apart from one that fails', async (t) => {
  const { gateway, options } = await setUp(t)
  const all = await options()
  const discovery = await discoverGateway(gateway.url)
  const { handshake_endpoint, ...without } = discovery
  await assert.rejects(handshake({ ...all, discovery: without }), code('HANDSHAKE_UNSUPPORTED'))
  await assert.rejects(
    handshake({ ...all, discovery: { ...discovery, ath_version: '2.0' } }),
    code('VERSION_UNSUPPORTED'),
  )
  const elsewhere = { ...discovery, handshake_endpoint: 'https://evil.example/ath/handshake' }
  assert.equal((await handshake({ ...all, discovery: elsewhere })).agentId.length, 51)
})

test('[U3] a service that speaks ATH itself is found by its own description and called directly', async (t) => {
  const { gateway, agent, options } = await setUp(t, { native: 'crm' })
  const { gateway: service, discovery: _, ...wish } = await options()
  const key = wish.key
  // `erase` is the service's own name for it.
  const scopes = ['crm:write', 'erase']
  const credential = await gateway.credential(agent, { scopes: ['crm:write', 'crm:erase'] })
  const session = await handshake({ ...wish, service, scopes, credential })
  assert.equal(session.serverDid, gateway.ports.nineStep.serverDid)
  assert.deepEqual(session.scopesGranted, ['crm:write', 'crm:erase'])
  assert.deepEqual(session.providers, ['crm'])
  const answer = { provider: 'crm', path: '/api/customers?q=tea' }
  assert.deepEqual(await session.api('GET', '/customers?q=tea'), answer)
  assert.deepEqual(await session.api('GET', `${service}/api/customers?q=tea`), answer)
  const proxied = await session.fetch('/ath/proxy/crm/api/customers?q=tea')
  assert.deepEqual(await proxied.json(), answer)
  for (const path of ['../admin', `${service}/admin`, 'https://evil.example/api/customers'])
    await assert.rejects(session.fetch(path), code('ORIGIN_REFUSED'))
  const kept = JSON.parse(JSON.stringify(session.stored())) as StoredHandshake
  const resumed = await resumeHandshake(kept, { key })
  assert.deepEqual(await resumed.api('GET', '/customers?q=tea'), answer)
  await session.refresh()
  await session.end()
  await assert.rejects(resumed.api('GET', '/customers'), code('TOKEN_REVOKED'))
  assert.equal(gateway.called.length, 4)
})

test('a service that speaks ATH itself is no gateway', async (t) => {
  const { options } = await setUp(t, { native: 'oa' })
  await assert.rejects(handshake(await options()), code('NOT_FOUND'))
})

test('[U3] polling goes on through slow_down, 429 and a dead connection, and each poll waits its turn', async (t) => {
  const times: number[] = []
  const { gateway, options } = await setUp(t, {
    intercept: (request, response) => {
      if (request.method !== 'GET' || !request.url?.startsWith('/ath/handshake/')) return false
      times.push(performance.now())
      const say = (status: number, code: string) =>
        response
          .writeHead(status, { 'content-type': 'application/json', 'retry-after': '1' })
          .end(JSON.stringify({ code, message: 'later' }))
      if (times.length === 1) say(429, 'RATE_LIMITED')
      // A GET is repeated once by itself: both must fail to be noticed here.
      else if (times.length <= 3) request.socket.destroy()
      else return false
      return true
    },
  })
  gateway.onAsked = 'wait'
  let told = 0
  const waiting = handshake(
    await options({
      onPending: () => {
        told += 1
        if (told === 3) setTimeout(() => void gateway.answer(), 50)
      },
    }),
  )
  assert.equal((await waiting).scopesGranted.length, 2)
  assert.equal(times.length, 4)
  assert.ok((times[1] ?? 0) - (times[0] ?? 0) >= 990, 'it waited as Retry-After said')
})

test('[D10] once a person was asked, a refused step does not ask them again', async (t) => {
  let posts = 0
  const { gateway, options } = await setUp(t, {
    intercept: (request, response) => {
      if (request.method !== 'POST' || ++posts < 4) return false
      response
        .writeHead(401, { 'content-type': 'application/json' })
        .end('{"code":"INVALID_ATTESTATION","message":"x","details":{"reason":"signature_wrong"}}')
      return true
    },
  })
  await assert.rejects(handshake(await options()), code('INVALID_ATTESTATION'))
  assert.equal(posts, 4)
  assert.equal(gateway.asked.length, 1)
})
