import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fail } from '@ath-protocol/types'
import { InMemoryReplayStore } from '../src/memory/replay-store.ts'
import type { Limited } from '../src/ports/limits.ts'
import type { Registration } from '../src/ports/registry.ts'
import { normalizePath } from '../src/proxy/normalize-path.ts'
import { sweep } from '../src/sweep.ts'
import { base, createBrowser, createWorld, exchange, start, travelId, type World } from './world.ts'

const lapse = 90 * 86_400 + 1

async function registration(world: World): Promise<Registration> {
  return (await world.ports.registry.findByAgentId(travelId)) ?? assert.fail('not registered')
}

test('[R50] what an operator decided is not undone by letting the approval run out and registering again', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  await world.register(agent)
  const { clientId } = await registration(world)
  await world.ports.registry.update(clientId, {
    approvals: [{ provider_id: 'oa', approved_scopes: ['oa:read'], denied_scopes: ['oa:write'] }],
    decidedBy: 'operator:li',
  })
  world.clock.advance(lapse)
  const renewed = await world.register(agent)
  assert.equal(renewed.status, 201)
  assert.equal(renewed.json.agent_status, 'pending')
  assert.deepEqual(
    renewed.json.approved_providers.map(({ approved_scopes }) => approved_scopes),
    [[]],
  )
  world.clock.advance(lapse)
  assert.equal((await world.register(agent)).status, 409)
})

test('[R49] a suspension that comes while an agent renews its registration stands', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  await world.register(agent)
  const { clientId } = await registration(world)
  world.clock.advance(lapse)
  const { registry } = world.ports
  const find = registry.findByAgentId.bind(registry)
  registry.findByAgentId = async (id) => {
    const found = await find(id)
    await registry.update(clientId, { status: 'suspended' })
    return found
  }
  const renewed = await world.register(agent)
  registry.findByAgentId = find
  assert.equal(renewed.status, 409)
  assert.equal((await registration(world)).status, 'suspended')
})

test('of two renewals at once one gets a secret, and that one works', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  await world.register(agent)
  world.clock.advance(lapse)
  const renewed = await Promise.all([world.register(agent), world.register(agent)])
  assert.deepEqual(
    renewed.map(({ status }) => status).sort((a, b) => a - b),
    [201, 409],
  )
  const secret = renewed.find(({ status }) => status === 201)?.json.client_secret
  const { clientId } = await registration(world)
  const seen = await world.send('GET', `/ath/agents/${clientId}`, {
    headers: { authorization: `Basic ${btoa(`${clientId}:${secret}`)}` },
  })
  assert.equal(seen.status, 200)
})

test('[R47] whoever takes over an agent’s address inherits no redirect URI, purpose or secret of who had it before', async () => {
  const world = await createWorld()
  const before = await world.addAgent(travelId)
  const first = await world.register(before, { redirect_uris: ['https://thief.example/cb'] })
  await world.send('POST', `/ath/agents/${first.json.client_id}/secret`, {
    body: {
      agent_attestation: await before.attest({
        audience: `${base}/ath/agents/${first.json.client_id}/secret`,
      }),
      overlap_seconds: 86_400,
    },
  })
  world.clock.advance(3600)
  await world.ports.registry.update(first.json.client_id, {
    approvalExpiresAt: world.clock.now(),
  })
  const now = await world.addAgent(travelId)
  await world.register(now, { purpose: undefined })
  const { redirectUris, purpose, previousSecret } = await registration(world)
  assert.deepEqual([redirectUris, purpose, previousSecret], [undefined, undefined, undefined])
})

test('[R83] a token request that is held up while the service narrows its approval gets the narrow one', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent, { scopes: ['oa:read', 'oa:write'] })
  await createBrowser(world).answer(started.authorizationUrl)
  // The agent serves its own identity document: it decides how long this takes.
  const { attestations, registry } = world.ports
  const verify = attestations.verify.bind(attestations)
  attestations.verify = async (...given) => {
    const verified = await verify(...given)
    await registry.update(started.clientId, {
      approvals: [{ provider_id: 'oa', approved_scopes: ['oa:read'], denied_scopes: [] }],
    })
    return verified
  }
  const seen = await exchange(world, agent, started)
  assert.deepEqual(seen.json.effective_scopes, ['oa:read'])
})

test('[R113] a token request that is held up while its agent is suspended gets none', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent)
  await createBrowser(world).answer(started.authorizationUrl)
  const { attestations, registry } = world.ports
  const verify = attestations.verify.bind(attestations)
  attestations.verify = async (...given) => {
    const verified = await verify(...given)
    await registry.update(started.clientId, { status: 'suspended' })
    return verified
  }
  const seen = await exchange(world, agent, started)
  assert.equal(seen.json.code, 'AGENT_UNAPPROVED')
})

test('an attestation made for another endpoint rotates no secret', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const { json } = await world.register(agent)
  for (const audience of [base, `${base}/`, `${base}/ath/agents/${json.client_id}`]) {
    const seen = await world.send('POST', `/ath/agents/${json.client_id}/secret`, {
      body: { agent_attestation: await agent.attest({ audience }) },
    })
    assert.equal(seen.status, 401, audience)
  }
})

/** Lets each key through `count` times for each operation. */
async function withLimits(count: number): Promise<World> {
  const world = await createWorld()
  const used = new Map<string, number>()
  const limits = {
    take(what: Limited, key: string) {
      const name = `${what} ${key}`
      const times = (used.get(name) ?? 0) + 1
      used.set(name, times)
      return times > count ? { retryAfterSeconds: 1, limit: `${count}/second` } : undefined
    },
  }
  Object.assign(world.ports.limits, limits)
  return world
}

test('[R119] a stranger who knows a client_id cannot use up its rate at token, revoke or authorize', async () => {
  const world = await withLimits(3)
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent)
  const stranger = { ip: '203.0.113.66' }
  for (let count = 0; count < 10; count++) {
    const guess = { client_id: started.clientId, client_secret: `ath_secret_${count}` }
    await world.send('POST', '/ath/revoke', { body: { ...guess, token: 'ath_tk_x' }, ...stranger })
    const body = {
      ...guess,
      grant_type: 'authorization_code',
      agent_attestation: 'x.y.z',
      code: 'c',
      ath_session_id: started.sessionId,
    }
    await world.send('POST', '/ath/token', { body, ...stranger })
    await world.send('POST', '/ath/authorize', {
      body: {
        client_id: started.clientId,
        agent_attestation: 'x.y.z',
        provider_id: 'oa',
        scopes: ['oa:read'],
        state: 's',
      },
      ...stranger,
    })
  }
  const credentials = { client_id: started.clientId, client_secret: started.clientSecret }
  const revoked = await world.send('POST', '/ath/revoke', {
    body: { ...credentials, token: 'ath_tk_x' },
  })
  assert.equal(revoked.status, 200)
  assert.equal((await exchange(world, agent, started)).json.code, 'SESSION_NOT_FOUND')
  const again = await world.send('POST', '/ath/authorize', {
    body: {
      client_id: started.clientId,
      agent_attestation: await agent.attest({ audience: base }),
      provider_id: 'oa',
      scopes: ['oa:read'],
      state: 's',
    },
  })
  assert.equal(again.status, 200)
})

test('[R119] invented client_ids at revoke count against who invents them', async () => {
  const world = await withLimits(3)
  const statuses = new Set<number>()
  for (let count = 0; count < 5; count++) {
    const body = { token: 'ath_tk_x', client_id: `ath_${count}`, client_secret: 'x' }
    statuses.add((await world.send('POST', '/ath/revoke', { body })).status)
  }
  assert.deepEqual([...statuses], [401, 429])
})

test('[R119] an IPv6 caller has one rate, however many addresses its network gives it', async () => {
  const world = await withLimits(3)
  const statuses: number[] = []
  for (let count = 1; count <= 5; count++)
    statuses.push(
      (
        await world.send('POST', '/ath/agents/register', {
          body: {},
          ip: `2001:db8:1:2:${count}::${count}`,
        })
      ).status,
    )
  assert.deepEqual(statuses, [400, 400, 400, 429, 429])
  const neighbour = { body: {}, ip: '2001:db8:1:3::1' }
  assert.equal((await world.send('POST', '/ath/agents/register', neighbour)).status, 400)
})

test('[R17] an agent_id that a server could read as another path gets nothing by a rule for paths', async () => {
  const world = await createWorld({
    approvalRules: [
      {
        name: 'team',
        match: { agent: 'https://shared.example/team/*' },
        decide: 'approve',
        allow: { oa: ['oa:read'] },
      },
    ],
  })
  for (const path of [
    'team/..%2fmallory',
    'team/..%5Cmallory',
    'team/%2e%2e%2fmallory',
    'team/..%252fmallory',
    'team/..;/mallory',
    'team//..%2f',
  ]) {
    const agent = await world.addAgent(`https://shared.example/${path}/.well-known/agent.json`)
    const seen = await world.register(agent)
    assert.equal(seen.status, 401, path)
    assert.equal(seen.json.code, 'INVALID_ATTESTATION', path)
  }
})

test('[R46] a browser is never sent where another program of the machine would answer', async () => {
  for (const uri of [
    'ms-msdt:/id',
    'search-ms:query=x',
    'mailto:a@b.example',
    'filesystem:https://gw.example.com/x',
    'intent://x#Intent;end',
    'ftp://agent.example/cb',
    'JavaScript:alert(1)',
    'app:/cb',
  ]) {
    const world = await createWorld()
    const agent = await world.addAgent(travelId)
    assert.equal((await world.register(agent, { redirect_uris: [uri] })).status, 400, uri)
  }
  for (const uri of ['com.example.app:/cb', 'https://agent.example/cb', 'http://localhost:9/cb']) {
    const world = await createWorld()
    const agent = await world.addAgent(travelId)
    assert.equal((await world.register(agent, { redirect_uris: [uri] })).status, 201, uri)
  }
})

test('a provider named like what every object has is one that is not here', async () => {
  for (const provider_id of ['constructor', 'toString', 'valueOf', 'hasOwnProperty']) {
    const world = await createWorld()
    const agent = await world.addAgent(travelId)
    const seen = await world.register(agent, {
      requested_providers: [{ provider_id, scopes: ['oa:read'] }],
    })
    assert.equal(seen.status, 201, provider_id)
    assert.deepEqual(seen.json.approved_providers[0]?.approved_scopes, [])
  }
})

test('a person who is not asked on our page is asked anew at the provider, whoever they let in before', async () => {
  const world = await createWorld()
  const crm = world.ports.config.providers.get('crm') ?? assert.fail('no crm')
  const providers = new Map([['crm', { ...crm, consentPage: false }]])
  Object.assign(world.ports.config, { providers })
  const asked: boolean[] = []
  const { authorizationUrl } = world.ports.oauth
  Object.assign(world.ports.oauth, {
    authorizationUrl(...given: Parameters<typeof authorizationUrl>) {
      asked.push(given[1].askAnew === true)
      return authorizationUrl(...given)
    },
  })
  const agent = await world.addAgent(travelId)
  const direct = await start(world, agent, { provider: 'crm', scopes: ['crm:read'] })
  await createBrowser(world).answer(direct.authorizationUrl)
  assert.deepEqual(asked, [true])
})

test('[R110] what a provider that is gone once gave is forgotten, and told once', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent, { provider: 'crm', scopes: ['crm:read'] })
  await createBrowser(world).answer(started.authorizationUrl)
  world.clock.advance(601)
  world.ports.oauth.revoke = async (got) => fail({ reason: 'provider_unknown', got })
  for (let turn = 0; turn < 3; turn++) await sweep(world.ports, new InMemoryReplayStore())
  assert.deepEqual(await world.ports.providerTokens.listGrantIds(), [])
  const told = world.events.filter(({ event }) => event === 'upstream_token_revoked')
  assert.deepEqual(
    told.map(({ outcome, denial_reason }) => [outcome, denial_reason]),
    [['error', 'provider_unknown']],
  )
})

test('a callback that comes after the person said no gives nothing, and what the provider gave goes back', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent, { provider: 'crm', scopes: ['crm:read'] })
  const browser = createBrowser(world)
  await browser.visit('GET', started.authorizationUrl)
  const path = new URL(started.authorizationUrl).pathname
  const upstream = browser.next(await browser.visit('POST', path)) ?? assert.fail('not sent on')
  world.decide = () => ({ kind: 'deny', userId: 'usr_wang' })
  await browser.visit('POST', path)
  const back = new URL(upstream)
  const late = await browser.visit('GET', back.pathname + back.search)
  assert.ok(late.status >= 400, String(late.status))
  assert.equal((await exchange(world, agent, started)).json.code, 'USER_DENIED')
  assert.deepEqual(await world.ports.providerTokens.listGrantIds(), [])
  assert.equal(world.revokedUpstream.length, 1)
})

test('a body that is wrong ten thousand times is not told ten thousand times, nor kept', async () => {
  const world = await createWorld()
  const wrong = Array<number>(20_000).fill(1)
  const posts: readonly [string, object][] = [
    ['/ath/agents/register', { requested_providers: wrong, redirect_uris: wrong }],
    ['/ath/agents/register', { requested_providers: [{ provider_id: 'oa', scopes: wrong }] }],
    [
      '/ath/agents/register',
      { requested_providers: Array(50).fill({ provider_id: 'oa', scopes: wrong.slice(0, 100) }) },
    ],
    ['/ath/authorize', { client_id: 'x', agent_attestation: 'x', state: 's', scopes: wrong }],
  ]
  for (const [path, body] of posts) {
    const { status, body: answer } = await world.send('POST', path, { body })
    assert.equal(status, 400)
    assert.ok(answer.length < 8192, `${path} answers ${answer.length} bytes`)
    const kept = JSON.stringify(world.events.at(-1)).length
    assert.ok(kept < 8192, `${path} keeps ${kept} bytes`)
  }
})

test('what somebody who proved nothing says they want fills no audit log', async () => {
  const world = await createWorld()
  const requested_providers = Array.from({ length: 50 }, () => ({
    provider_id: 'p'.repeat(64),
    scopes: Array<string>(100).fill('s'),
  }))
  const seen = await world.send('POST', '/ath/agents/register', {
    body: {
      agent_id: travelId,
      agent_attestation: 'x.y.z',
      developer: { name: 'd', id: 'd' },
      requested_providers,
    },
  })
  assert.equal(seen.status, 401)
  const kept = JSON.stringify(world.events.at(-1)).length
  assert.ok(kept < 8192, `keeps ${kept} bytes`)
})

test('[R95] a path that is escaped thousands of times is refused before it costs anything', () => {
  for (const path of [`/%${'25'.repeat(4000)}`, `/%${'25'.repeat(4000)}2e%${'25'.repeat(9)}2e/x`]) {
    const before = process.cpuUsage()
    const read = normalizePath(path)
    const { user, system } = process.cpuUsage(before)
    assert.equal(!read.ok && read.error.reason, 'path_ambiguous')
    assert.ok(user + system < 50_000, `took ${user + system} µs`)
  }
  assert.equal(normalizePath('/a%25252Fb').ok, false)
  assert.equal(normalizePath('/a%252541').ok, true)
})
