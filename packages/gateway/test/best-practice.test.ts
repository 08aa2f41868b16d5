import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  ask,
  authorize,
  call,
  type Credentials,
  createPerson,
  exchange,
  openWholeGateway,
  post,
  register,
  type WholeGateway,
} from './gateway.ts'

/** What RFC 9700 asks of an authorization server and is not tested where it is made. */
let gateway: WholeGateway
let credentials: Credentials

before(async () => {
  gateway = await openWholeGateway(
    ({ upstream, agentHost }) => `
version: 1
agents:
  - { agent: "${agentHost}/*", allow: { oa: [oa:read] } }
providers:
  oa:
    url: ${upstream}
    auth: { kind: none }
    scopes: { oa:read: [GET /**] }
`,
  )
  credentials = await register(gateway, { oa: ['oa:read'] })
})
after(() => gateway.close())

const foreign = { origin: 'https://evil.example' }

test('other origins read nothing but discovery, and no preflight is answered with a yes', async () => {
  const { url } = gateway
  const { authorizationUrl } = await authorize(gateway, credentials, 'oa', ['oa:read'])
  const discovery = await ask(`${url}/.well-known/ath.json`, { headers: foreign })
  assert.equal(discovery.headers.get('access-control-allow-origin'), '*')
  assert.equal(discovery.headers.get('access-control-allow-credentials'), null)
  const places = [authorizationUrl, `${url}/ath/callback?success=true&session_id=x`, `${url}/me`]
  for (const place of places) {
    const page = await ask(place, { headers: { ...foreign, accept: 'text/html' } })
    assert.equal(page.headers.get('access-control-allow-origin'), null, place)
    const preflight = await ask(place, {
      method: 'OPTIONS',
      headers: { ...foreign, 'access-control-request-method': 'POST' },
    })
    assert.ok(preflight.status >= 400, `${place}: ${preflight.status}`)
    assert.equal(preflight.headers.get('access-control-allow-origin'), null, place)
  }
  for (const path of ['/ath/agents/register', '/ath/authorize', '/ath/token', '/ath/revoke'])
    assert.equal((await ask(url + path, { method: 'OPTIONS', headers: foreign })).status, 405)
})

test('the page that asks cannot be framed and is kept by nobody', async () => {
  const { authorizationUrl } = await authorize(gateway, credentials, 'oa', ['oa:read'])
  const page = await createPerson().visit(authorizationUrl)
  assert.match(page.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/)
  assert.equal(page.headers.get('x-frame-options'), 'DENY')
  assert.equal(page.headers.get('cache-control'), 'no-store')
  assert.match(page.headers.get('referrer-policy') ?? '', /^(?:no-referrer|same-origin)$/)
})

test('only the authorization code grant gives a token: no password, no implicit, no client credentials', async () => {
  for (const grant_type of ['password', 'client_credentials', 'implicit', 'refresh_token', '']) {
    const reply = await post(`${gateway.url}/ath/token`, {
      grant_type,
      client_id: credentials.clientId,
      client_secret: credentials.clientSecret,
      agent_attestation: await gateway.agent.attest({ audience: `${gateway.url}/ath/token` }),
      username: 'wang',
      password: 'x',
      code: 'code',
      ath_session_id: 'ath_sess_x',
    })
    assert.equal(reply.status, 400, grant_type)
  }
  const { authorizationUrl } = await authorize(gateway, credentials, 'oa', ['oa:read'])
  const page = new URL(authorizationUrl)
  page.searchParams.set('response_type', 'token')
  const end = await createPerson().answer(page.href, 'approve')
  assert.doesNotMatch(end.text, /ath_tk_/)
})

test('a token in the URL or the body is no token', async () => {
  const { authorizationUrl, sessionId } = await authorize(gateway, credentials, 'oa', ['oa:read'])
  await createPerson().answer(authorizationUrl, 'approve')
  const token = String((await exchange(gateway, credentials, sessionId)).json['access_token'])
  assert.equal((await call(gateway, token, '/oa/x')).status, 200)
  const agentHeader = { 'x-ath-agent-id': gateway.agent.agentId }
  const inUrl = await ask(`${gateway.url}/ath/proxy/oa/x?access_token=${token}`, {
    headers: agentHeader,
  })
  assert.equal(inUrl.status, 401)
  const inBody = await ask(`${gateway.url}/ath/proxy/oa/x`, {
    method: 'POST',
    headers: { ...agentHeader, 'content-type': 'application/x-www-form-urlencoded' },
    body: `access_token=${token}`,
  })
  assert.equal(inBody.status, 401)
})

test('an agent does not choose its client id or what its user is called', async () => {
  const chosen = 'usr_admin'
  const other = await openWholeGateway(
    ({ upstream }) => `
version: 1
providers:
  oa:
    url: ${upstream}
    auth: { kind: none }
    scopes: { oa:read: [GET /**] }
`,
  )
  try {
    const reply = await post(`${other.url}/ath/agents/register`, {
      client_id: chosen,
      client_secret: chosen,
      agent_status: 'approved',
      sub: chosen,
      agent_id: other.agent.agentId,
      agent_attestation: await other.agent.attest({ audience: other.url }),
      developer: { name: 'D', id: 'd' },
      requested_providers: [{ provider_id: 'oa', scopes: ['oa:read'] }],
    })
    assert.equal(reply.status, 201)
    assert.equal(reply.json['agent_status'], 'pending')
    assert.match(String(reply.json['client_id']), /^ath_[A-Za-z0-9_-]{22}$/)
    assert.ok(!reply.text.includes(chosen))
  } finally {
    await other.close()
  }
})

test('our addresses send nobody where a parameter says', async () => {
  const away = encodeURIComponent('https://evil.example/')
  const { authorizationUrl } = await authorize(gateway, credentials, 'oa', ['oa:read'])
  const more = `redirect_uri=${away}&return_to=${away}&user_redirect_uri=${away}&next=${away}`
  const person = createPerson()
  await person.answer(`${authorizationUrl}&${more}`, 'approve')
  for (const { headers } of person.pages)
    assert.ok(!(headers.get('location') ?? '').startsWith('https://evil'), 'stays here')
  for (const path of [
    '/ath/callback?success=true&session_id=x',
    '/ath/callback?error=access_denied',
  ]) {
    const reply = await ask(`${gateway.url}${path}&${more}`)
    assert.equal(reply.status, 200)
    assert.equal(reply.headers.get('location'), null)
  }
})
