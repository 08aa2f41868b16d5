import assert from 'node:assert/strict'
import { test } from 'node:test'
import { base, createBrowser, createWorld, exchange, start, travelId } from './world.ts'

const body = async (world: Awaited<ReturnType<typeof createWorld>>, changes: object = {}) => {
  const agent = world.agents.get(travelId) ?? (await world.addAgent(travelId))
  return {
    agent_attestation: await agent.attest({ audience: base }),
    provider_id: 'oa',
    scopes: ['oa:read'],
    state: 'abc123',
    ...changes,
  }
}

test('[C16] authorize checks state, then client, then approval, then redirect, then attestation, then provider, then scopes', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const { json: credentials } = await world.register(agent)
  const pending = await world.addAgent('https://new.example/.well-known/agent.json')
  const { json: held } = await world.register(pending)
  const client_id = credentials.client_id
  const cases: readonly (readonly [object, number, string])[] = [
    [{ state: undefined, client_id: 'nobody', agent_attestation: 'dummy' }, 400, 'STATE_MISMATCH'],
    [{ client_id: undefined }, 400, 'AGENT_NOT_REGISTERED'],
    [{ client_id, agent_attestation: undefined }, 400, 'INVALID_ATTESTATION'],
    [{ client_id: 'nobody', agent_attestation: 'dummy' }, 403, 'AGENT_NOT_REGISTERED'],
    [{ client_id: held.client_id, agent_attestation: 'dummy' }, 403, 'AGENT_UNAPPROVED'],
    [
      { client_id, agent_attestation: 'dummy', user_redirect_uri: 'https://evil.example/' },
      400,
      'INVALID_ATTESTATION',
    ],
    [{ client_id, agent_attestation: 'dummy', provider_id: 'unknown' }, 401, 'INVALID_ATTESTATION'],
    [{ client_id, provider_id: 'unknown', scopes: ['x'] }, 403, 'PROVIDER_NOT_APPROVED'],
    [{ client_id, scopes: ['oa:read', 'oa:delete'] }, 403, 'SCOPE_NOT_APPROVED'],
    [{ client_id, scopes: [] }, 400, 'INVALID_REQUEST'],
    [{ client_id }, 200, ''],
  ]
  for (const [changes, status, code] of cases) {
    const seen = await world.send('POST', '/ath/authorize', { body: await body(world, changes) })
    assert.equal(seen.status, status, JSON.stringify(changes))
    if (code) assert.equal(seen.json.code, code, JSON.stringify(changes))
  }
})

test('[R58] [R113] [R50] pending, denied, suspended and run-out approvals start nothing', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const { json } = await world.register(agent)
  for (const status of ['pending', 'denied', 'suspended'] as const) {
    await world.ports.registry.update(json.client_id, { status })
    const seen = await world.send('POST', '/ath/authorize', {
      body: await body(world, { client_id: json.client_id }),
    })
    assert.equal(seen.status, 403)
    assert.equal(seen.json.code, 'AGENT_UNAPPROVED')
    assert.equal(seen.json.details.reason, `agent_${status}`)
  }
  await world.ports.registry.update(json.client_id, { status: 'approved' })
  world.clock.advance(90 * 86_400 + 1)
  const late = await world.send('POST', '/ath/authorize', {
    body: await body(world, { client_id: json.client_id }),
  })
  assert.equal(late.json.details.reason, 'agent_approval_expired')
})

test('[R59] [R36] an attestation of another agent does not start a handshake of this client', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const { json } = await world.register(agent)
  const other = await world.addAgent('https://other.example/.well-known/agent.json')
  const seen = await world.send('POST', '/ath/authorize', {
    body: await body(world, {
      client_id: json.client_id,
      agent_attestation: await other.attest({ audience: base }),
    }),
  })
  assert.equal(seen.status, 403)
  assert.equal(seen.json.code, 'AGENT_IDENTITY_MISMATCH')
})

test('[R55] [R60] [R61] [R68] [R69] [C19] [C29] the authorization URL is ours and carries PKCE S256, state and resource', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent, {
    provider: 'crm',
    scopes: ['crm:read'],
    extra: { resource: 'https://crm.example/api' },
  })
  const url = new URL(started.authorizationUrl)
  assert.equal(url.origin, base)
  assert.match(url.pathname, /^\/ath\/authorize\/[A-Za-z0-9_-]{43}$/)
  assert.equal(url.searchParams.get('response_type'), 'code')
  assert.equal(url.searchParams.get('code_challenge_method'), 'S256')
  assert.match(url.searchParams.get('code_challenge') ?? '', /^[A-Za-z0-9_-]{43}$/)
  assert.equal(url.searchParams.get('state'), 'c3RhdGUtb2YtdGhlLWFnZW50')
  assert.equal(url.searchParams.get('resource'), 'https://crm.example/api')
  assert.match(started.sessionId, /^ath_sess_[A-Za-z0-9_-]{43}$/)
})

test('[R62] [R77] the verifier of 256 bits stays here, and neither it nor the upstream state follows from what the agent sees', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent, { provider: 'crm', scopes: ['crm:read'] })
  const handshake = await world.ports.handshakes.find(started.sessionId)
  assert.match(handshake?.codeVerifier ?? '', /^[A-Za-z0-9_-]{43}$/)
  assert.ok(!started.authorizationUrl.includes(handshake?.codeVerifier ?? 'x'))
  const browser = createBrowser(world)
  const { urls } = await browser.answer(started.authorizationUrl)
  const upstreamState = new URL(urls[0] ?? '').searchParams.get('state') ?? ''
  assert.notEqual(upstreamState, 'c3RhdGUtb2YtdGhlLWFnZW50')
  assert.ok(!started.authorizationUrl.includes(upstreamState))
})

test('[R46] [R63] a registered redirect URI is matched exactly', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const { json } = await world.register(agent, {
    redirect_uris: ['https://agent.example/done?x=1'],
  })
  const ask = async (user_redirect_uri: string) =>
    world.send('POST', '/ath/authorize', {
      body: await body(world, { client_id: json.client_id, user_redirect_uri }),
    })
  assert.equal((await ask('https://agent.example/done?x=1')).status, 200)
  for (const uri of [
    'https://agent.example/done',
    'https://agent.example/done?x=1&y=2',
    'https://AGENT.example/done?x=1',
    'https://agent.example/done/?x=1',
    'https://agent.example.evil.example/done?x=1',
  ]) {
    const seen = await ask(uri)
    assert.equal(seen.status, 400, uri)
    assert.equal(seen.json.code, 'INVALID_ATTESTATION')
  }
  // A fragment is no redirect URI at all (RFC 6749 §3.1.2).
  assert.equal((await ask('https://agent.example/done?x=1#f')).json.code, 'INVALID_REQUEST')
})

test('[R47] [C7] without registered redirect URIs every other one is refused, and our own callback is harmless', async () => {
  for (const registration of [
    {},
    { redirect_uris: [] },
    { redirect_uris: [`${base}/ath/callback`] },
  ]) {
    const world = await createWorld()
    const agent = await world.addAgent(travelId)
    const { json } = await world.register(agent, registration)
    const ask = async (user_redirect_uri: string) =>
      world.send('POST', '/ath/authorize', {
        body: await body(world, { client_id: json.client_id, user_redirect_uri }),
      })
    assert.equal((await ask('https://agent.example/done')).status, 400)
    assert.equal((await ask(`${base}/ath/callback`)).status, 200)
  }
})

test('[R64] opening the URL binds the browser with a host-only, http-only cookie', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent)
  const opened = await createBrowser(world).visit('GET', started.authorizationUrl)
  const cookie = String(opened.headers['set-cookie'])
  assert.match(cookie, /^__Host-ath_bind=[A-Za-z0-9_-]{43}; /)
  for (const attribute of ['HttpOnly', 'Secure', 'SameSite=Lax', 'Path=/'])
    assert.ok(cookie.includes(attribute))
  assert.ok(!/domain/i.test(cookie))
})

test('[R57] [R65] a callback in another browser ends the handshake with STATE_MISMATCH', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent, { provider: 'crm', scopes: ['crm:read'] })
  const mine = createBrowser(world)
  await mine.visit('GET', started.authorizationUrl)
  const left = await mine.visit('POST', new URL(started.authorizationUrl).pathname)
  const upstream = mine.next(left) ?? ''
  const victim = createBrowser(world)
  const stolen = await victim.visit('GET', upstream, { accept: 'application/json' })
  assert.equal(stolen.status, 400)
  assert.equal(stolen.json.code, 'STATE_MISMATCH')
  const mineLater = await mine.visit('GET', upstream, { accept: 'application/json' })
  assert.equal(mineLater.json.code, 'STATE_MISMATCH')
  const token = await exchange(world, agent, started)
  assert.equal(token.status, 502)
})

test('[R57] a callback with an unknown, doubled or used state is refused', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent, { provider: 'crm', scopes: ['crm:read'] })
  const browser = createBrowser(world)
  const { urls } = await browser.answer(started.authorizationUrl)
  const json = { accept: 'application/json' }
  for (const url of [
    '/ath/callback?code=x&state=guess',
    '/ath/callback?code=x&state=a&state=b',
    urls[0] ?? '',
  ]) {
    const seen = await browser.visit('GET', url, json)
    assert.equal(seen.status, 400, url)
    assert.equal(seen.json.code, 'STATE_MISMATCH')
  }
})

test('[C8] the browser ends on a friendly page with session_id and success, and a denial with error=access_denied', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent)
  const { last, urls } = await createBrowser(world).answer(started.authorizationUrl)
  assert.equal(last.status, 200)
  assert.equal(last.body, 'notice done')
  const end = new URL(urls.at(-1) ?? '')
  assert.equal(end.searchParams.get('session_id'), started.sessionId)
  assert.equal(end.searchParams.get('success'), 'true')
  const other = await createWorld()
  other.decide = () => ({ kind: 'deny', userId: 'usr_wang' })
  const asked = await start(other, await other.addAgent(travelId))
  const denied = await createBrowser(other).answer(asked.authorizationUrl)
  assert.equal(denied.last.body, 'notice denied')
  assert.equal(new URL(denied.urls.at(-1) ?? '').searchParams.get('error'), 'access_denied')
})

test('[C8] [C9] [C29] an agent-owned redirect gets its own state, the session and a one-time code', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const redirect = 'https://agent.example/done?keep=1'
  const started = await start(world, agent, {
    registration: { redirect_uris: [redirect] },
    extra: { user_redirect_uri: redirect },
  })
  const { urls } = await createBrowser(world).answer(started.authorizationUrl)
  const end = new URL(urls.at(-1) ?? '')
  assert.equal(end.origin, 'https://agent.example')
  assert.equal(end.searchParams.get('keep'), '1')
  assert.equal(end.searchParams.get('state'), 'c3RhdGUtb2YtdGhlLWFnZW50')
  assert.equal(end.searchParams.get('ath_session_id'), started.sessionId)
  const code = end.searchParams.get('code') ?? ''
  assert.match(code, /^ath_code_/)
  const wrong = await exchange(world, agent, started, { code: 'guess' })
  assert.equal(wrong.status, 400)
  assert.equal(wrong.json.code, 'SESSION_NOT_FOUND')
  assert.equal((await exchange(world, agent, started, { code })).status, 200)
})

test('[R67] a second tap shows the first answer and opens no second grant', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent)
  const browser = createBrowser(world)
  await browser.visit('GET', started.authorizationUrl)
  const path = new URL(started.authorizationUrl).pathname
  const taps = await Promise.all([browser.visit('POST', path), browser.visit('POST', path)])
  for (const tap of taps) assert.match(browser.next(tap) ?? '', /success=true/)
  const live = await world.ports.grants.list({ liveAt: world.clock.now() })
  assert.equal(live.length, 1)
})

test('[R65] the page posted from another browser decides nothing', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent)
  await createBrowser(world).visit('GET', started.authorizationUrl)
  const other = await createBrowser(world).visit('POST', new URL(started.authorizationUrl).pathname)
  assert.equal(other.status, 400)
  assert.equal(other.body, 'notice wrong_browser')
})

test('[C19] with browser binding off the URL is the upstream one', async () => {
  const world = await createWorld({ browserBinding: false })
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent, { provider: 'crm', scopes: ['crm:read'] })
  const url = new URL(started.authorizationUrl)
  assert.equal(url.pathname, '/ath/callback')
  assert.equal(url.searchParams.get('code_challenge_method'), 'S256')
  const done = await createBrowser(world).visit('GET', started.authorizationUrl)
  assert.match(String(done.headers['location']), /success=true/)
  assert.equal((await exchange(world, agent, started)).status, 200)
})

test('the last word counts: going back and unticking narrows what goes upstream', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent, { provider: 'crm', scopes: ['crm:read', 'crm:write'] })
  const browser = createBrowser(world)
  const path = new URL(started.authorizationUrl).pathname
  await browser.visit('GET', started.authorizationUrl)
  await browser.visit('POST', path)
  world.decide = () => ({
    kind: 'approve',
    userId: 'usr_wang',
    scopes: [
      { providerId: 'crm', name: 'crm:read' },
      { providerId: 'oa', name: 'oa:delete' },
    ],
    lifetimeSeconds: 60,
    method: 'session',
  })
  const again = await browser.visit('POST', path)
  await browser.visit('GET', browser.next(again) ?? '')
  const token = await exchange(world, agent, started)
  assert.deepEqual(token.json.effective_scopes, ['crm:read'])
  assert.deepEqual(token.json.scope_intersection.user_consented, ['crm:read'])
  assert.equal(token.json.expires_in, 60)
})

test('the first answer stands when the gateway went down before it was carried out', async () => {
  for (const [provider, scope] of [
    ['oa', 'oa:read'],
    ['crm', 'crm:read'],
  ] as const) {
    const world = await createWorld()
    const agent = await world.addAgent(travelId)
    const started = await start(world, agent, { provider, scopes: [scope] })
    const consent = await world.ports.consents.findByHandshake(started.sessionId)
    const decided = {
      approved: true,
      userId: 'usr_wang',
      scopes: consent?.offered ?? [],
      lifetimeSeconds: 600,
      method: 'session' as const,
      decidedAt: world.clock.now(),
    }
    assert.ok(await world.ports.consents.decide(consent?.id ?? '', decided))
    await createBrowser(world).answer(started.authorizationUrl)
    const token = await exchange(world, agent, started)
    assert.equal(token.json.expires_in, 600)
  }
})

test('a standing no stays a no, and a standing yes is carried out only for who said it', async () => {
  for (const [approved, userId, end] of [
    [false, 'usr_wang', 'notice denied'],
    [true, 'usr_li', 'notice other_user'],
  ] as const) {
    const world = await createWorld()
    const agent = await world.addAgent(travelId)
    const started = await start(world, agent)
    const sessionId = started.sessionId
    const consent = await world.ports.consents.findByHandshake(sessionId)
    await world.ports.consents.decide(consent?.id ?? '', {
      approved,
      userId,
      scopes: approved ? (consent?.offered ?? []) : [],
      lifetimeSeconds: 600,
      method: 'session',
      decidedAt: world.clock.now(),
    })
    const { last } = await createBrowser(world).answer(started.authorizationUrl)
    assert.equal(last.body, end)
    assert.notEqual((await world.ports.handshakes.find(sessionId))?.state, 'consented')
  }
})

test('who comes back from the provider and says no after all is not asked upstream again', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent, { provider: 'crm', scopes: ['crm:read', 'crm:write'] })
  const browser = createBrowser(world)
  const path = new URL(started.authorizationUrl).pathname
  await browser.visit('GET', started.authorizationUrl)
  await browser.visit('POST', path)
  world.decide = () => ({ kind: 'deny', userId: 'usr_wang' })
  const denied = await browser.visit('POST', path)
  assert.match(browser.next(denied) ?? '', /error=access_denied/)
  assert.equal(world.events.at(-1)?.event, 'consent_denied')
})

test('[U13] a permission carries the limits of the gateway, the agent and the provider', async () => {
  const world = await createWorld({ restrictions: { access_time: '9:00-18:00' } })
  const agent = await world.addAgent(travelId)
  const registered = await world.register(agent)
  const restrictions = { ip_whitelist: ['10.0.0.0/8'] }
  await world.ports.registry.update(registered.json.client_id, { restrictions })
  const started = await world.send('POST', '/ath/authorize', {
    body: await body(world, { client_id: registered.json.client_id }),
  })
  await createBrowser(world).answer(started.json.authorization_url)
  const [grant] = await world.ports.grants.list({})
  const limits = [{ access_time: '9:00-18:00' }, { ip_whitelist: ['10.0.0.0/8'] }]
  assert.deepEqual(grant?.restrictions, limits)
  const consent = await world.ports.consents.findByHandshake(started.json.ath_session_id)
  assert.deepEqual(consent?.restrictions, limits)
})

test('without a page of our own the upstream alone asks, and no question is written down', async () => {
  for (const consentPage of [true, false]) {
    const world = await createWorld()
    const crm = world.ports.config.providers.get('crm')
    if (consentPage) Object.assign(world.ports, { desk: undefined })
    else Object.assign(crm ?? {}, { consentPage })
    const agent = await world.addAgent(travelId)
    const started = await start(world, agent, { provider: 'crm', scopes: ['crm:read'] })
    assert.equal(await world.ports.consents.findByHandshake(started.sessionId), undefined)
    const browser = createBrowser(world)
    const opened = await browser.visit('GET', started.authorizationUrl)
    await browser.visit('GET', browser.next(opened) ?? '')
    const token = await exchange(world, agent, started)
    assert.deepEqual(token.json.effective_scopes, ['crm:read'])
  }
})
