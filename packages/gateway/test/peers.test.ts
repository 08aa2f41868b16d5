import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { signJws } from '@sallyport/testing'
import { ask, createPerson, openWholeGateway, type Reply, type WholeGateway } from './gateway.ts'

/** What a public ATH client sends, to the letter: nothing of ours makes these requests. */
interface Peer {
  readonly name: string
  /** JWS header and `jti`. */
  readonly header: Readonly<Record<string, string>>
  readonly jti: () => string
  /** Headers of every request, also of a GET. */
  readonly headers: Readonly<Record<string, string>>
  readonly getHeaders: Readonly<Record<string, string>>
}

const json = { 'content-type': 'application/json' }
const peers: readonly Peer[] = [
  {
    name: 'the TypeScript client',
    header: { alg: 'ES256', kid: 'default' },
    jti: randomUUID,
    headers: { ...json, 'accept-encoding': 'gzip, deflate' },
    getHeaders: { ...json, 'accept-encoding': 'gzip, deflate' },
  },
  {
    name: 'the Python client',
    header: { alg: 'ES256', typ: 'JWT', kid: 'default' },
    jti: () => randomBytes(24).toString('base64url'),
    headers: { ...json, accept: '*/*', 'accept-encoding': 'gzip, deflate' },
    getHeaders: { accept: '*/*', 'accept-encoding': 'gzip, deflate' },
  },
]

let gateway: WholeGateway

const openForPeers = () =>
  openWholeGateway(
    ({ upstream, agentHost }) => `
version: 1
agents:
  - { agent: "${agentHost}/*", allow: { github: [repo, "read:user"] } }
providers:
  github:
    url: ${upstream}
    auth: { kind: mock_oauth2, user: wang }
    scopes:
      repo: [GET /**, POST /**]
      read:user: [GET /userinfo]
`,
  )

/** One client program, configured with one base URL. */
function speak(peer: Peer, base: string) {
  const { agent } = gateway
  const attest = (aud: string) => {
    const iat = Math.floor(Date.now() / 1000)
    return signJws(agent.key.privateKey, peer.header, {
      capabilities: [],
      iss: agent.agentId,
      sub: agent.agentId,
      aud,
      iat,
      exp: iat + 3600,
      jti: peer.jti(),
    })
  }
  const send = (path: string, body: object) =>
    ask(`${base}${path}`, { method: 'POST', headers: peer.headers, body: JSON.stringify(body) })
  return {
    async register() {
      return send('/ath/agents/register', {
        agent_id: agent.agentId,
        agent_attestation: await attest(base),
        developer: { name: 'athx-user', id: 'athx-dev' },
        requested_providers: [{ provider_id: 'github', scopes: ['repo', 'read:user'] }],
        purpose: 'CLI agent',
        redirect_uris: [`${base}/ath/callback`],
      })
    },
    async authorize(clientId: string) {
      return send('/ath/authorize', {
        client_id: clientId,
        agent_attestation: await attest(base),
        provider_id: 'github',
        scopes: ['repo', 'read:user'],
        user_redirect_uri: `${base}/ath/callback`,
        state: randomBytes(16).toString('hex'),
      })
    },
    async token(client: Reply, sessionId: unknown, code: string) {
      return send('/ath/token', {
        grant_type: 'authorization_code',
        client_id: client.json['client_id'],
        client_secret: client.json['client_secret'],
        agent_attestation: await attest(`${base}/ath/token`),
        code,
        ath_session_id: sessionId,
      })
    },
    get(path: string, token: unknown) {
      const headers = {
        ...peer.getHeaders,
        authorization: `Bearer ${token}`,
        'x-ath-agent-id': agent.agentId,
      }
      return ask(`${base}/ath/proxy/github${path}`, { headers })
    },
    revoke(client: Reply, token: unknown) {
      return send('/ath/revoke', {
        client_id: client.json['client_id'],
        client_secret: client.json['client_secret'],
        token,
      })
    },
  }
}

async function wholeHandshake(peer: Peer, base: string): Promise<void> {
  const client = speak(peer, base)
  const registered = await client.register()
  assert.equal(registered.status, 201, registered.text)
  assert.match(String(registered.json['client_id']), /^ath_/)
  assert.match(String(registered.json['client_secret']), /^ath_secret_/)
  assert.equal(registered.json['agent_status'], 'approved')
  assert.deepEqual(registered.json['approved_providers'], [
    { provider_id: 'github', approved_scopes: ['repo', 'read:user'], denied_scopes: [] },
  ])
  assert.ok(Date.parse(String(registered.json['approval_expires'])) > Date.now())

  const started = await client.authorize(String(registered.json['client_id']))
  assert.equal(started.status, 200, started.text)
  const url = new URL(String(started.json['authorization_url']))
  assert.equal(url.searchParams.get('response_type'), 'code')
  assert.equal(url.searchParams.get('code_challenge_method'), 'S256')
  assert.match(url.searchParams.get('code_challenge') ?? '', /^[A-Za-z0-9_-]{43}$/)
  const sessionId = started.json['ath_session_id']
  assert.match(String(sessionId), /^ath_sess_/)

  const early = await client.token(registered, sessionId, 'code')
  assert.equal(early.status, 400)
  assert.equal(early.json['code'], 'SESSION_NOT_FOUND')
  assert.equal(typeof early.json['message'], 'string')

  const person = createPerson()
  const end = await person.answer(url.href, 'approve')
  assert.equal(end.status, 200)
  const last = person.pages.at(-2)?.headers.get('location') ?? ''
  assert.match(last, /\/ath\/callback\?/)
  assert.match(last, /session_id=ath_sess_/)
  assert.match(last, /success=true/)
  assert.doesNotMatch(last, /[?&](code|state)=/)

  const granted = await client.token(registered, sessionId, 'code')
  assert.equal(granted.status, 200, granted.text)
  assert.match(String(granted.json['access_token']), /^ath_tk_/)
  assert.equal(granted.json['token_type'], 'Bearer')
  assert.equal(granted.json['expires_in'], 3600)
  assert.deepEqual(granted.json['scope_intersection'], {
    agent_approved: ['repo', 'read:user'],
    user_consented: ['repo', 'read:user'],
    effective: ['repo', 'read:user'],
  })
  assert.equal(granted.json['provider_id'], 'github')
  assert.equal(granted.json['agent_id'], gateway.agent.agentId)

  const token = granted.json['access_token']
  const answered = await client.get('/userinfo?a=1', token)
  assert.equal(answered.status, 200)
  assert.equal(answered.json['path'], '/userinfo?a=1')

  const revoked = await client.revoke(registered, token)
  assert.equal(revoked.status, 200)
  assert.deepEqual(revoked.json, { message: 'Token revoked' })
  const after = await client.get('/userinfo', token)
  assert.equal(after.status, 401)
  assert.equal(after.json['code'], 'TOKEN_REVOKED')
  assert.equal((await client.revoke(registered, 'ath_tk_nobody')).status, 200)
}

for (const peer of peers)
  test(`[C1] [C2] [C4] [C5] [C6] [C7] [C8] [C9] [C10] [C18] [C19] [C22] [C23] ${peer.name} as it is gets through the handshake, the proxy and a revocation`, async () => {
    gateway = await openForPeers()
    try {
      await wholeHandshake(peer, gateway.url)
    } finally {
      await gateway.close()
    }
  })

test('[C4] [C7] a client that knows the gateway by an alias gets through as well', async () => {
  gateway = await openForPeers()
  try {
    await wholeHandshake(peers[0] as Peer, gateway.url.replace('127.0.0.1', 'localhost'))
  } finally {
    await gateway.close()
  }
})

describe('one registered client', () => {
  let registered: Reply
  const [peer] = peers as readonly [Peer]

  before(async () => {
    gateway = await openForPeers()
    registered = await speak(peer, gateway.url).register()
  })
  after(() => gateway.close())

  test('[C9] each of the codes that clients make up is taken where none was delivered', async () => {
    const client = speak(peer, gateway.url)
    for (const code of [
      'code',
      'exchange',
      'oauth-completed',
      'real_oauth_exchange',
      'mock_code',
    ]) {
      const started = await client.authorize(String(registered.json['client_id']))
      await createPerson().answer(String(started.json['authorization_url']), 'approve')
      const granted = await client.token(registered, started.json['ath_session_id'], code)
      assert.equal(granted.status, 200, `${code}: ${granted.text}`)
    }
  })

  test('[C8] a person who says no ends on a page, not on an error, and the agent gets 403', async () => {
    const client = speak(peer, gateway.url)
    const started = await client.authorize(String(registered.json['client_id']))
    const end = await createPerson().answer(String(started.json['authorization_url']), 'deny')
    assert.equal(end.status, 200)
    assert.match(end.headers.get('content-type') ?? '', /text\/html/)
    const denied = await client.token(registered, started.json['ath_session_id'], 'code')
    assert.equal(denied.status, 403)
    assert.equal(denied.json['code'], 'USER_DENIED')
  })

  test('[C12] a user token and a session cookie on the ATH endpoints are neither needed nor in the way', async () => {
    const { status } = await ask(`${gateway.url}/ath/revoke`, {
      method: 'POST',
      headers: { ...json, 'x-ath-user-token': 'a-user-of-theirs', cookie: 'ath_session=theirs' },
      body: JSON.stringify({
        client_id: registered.json['client_id'],
        client_secret: registered.json['client_secret'],
        token: 'ath_tk_unknown',
      }),
    })
    assert.equal(status, 200)
  })

  test('[C30] [R111] every answer of an ATH address that is no page is a JSON object with code and message', async () => {
    const { url } = gateway
    const post = (path: string, body: string, type = 'application/json') =>
      ask(url + path, { method: 'POST', headers: { 'content-type': type }, body })
    const replies: readonly (readonly [string, Promise<Reply>, readonly number[]])[] = [
      ['no JSON', post('/ath/agents/register', '{'), [400]],
      ['no object', post('/ath/token', '[]'), [400]],
      ['no type we know', post('/ath/authorize', 'x', 'text/plain'), [415]],
      ['too long', post('/ath/authorize', JSON.stringify({ x: 'x'.repeat(70_000) })), [413]],
      ['register {}', post('/ath/agents/register', '{}'), [400]],
      ['authorize {}', post('/ath/authorize', '{}'), [400]],
      ['token {}', post('/ath/token', '{}'), [400]],
      ['revoke {}', post('/ath/revoke', '{}'), [400]],
      ['revoke by nobody', post('/ath/revoke', '{"token":"ath_tk_x"}'), [401]],
      ['status by nobody', ask(`${url}/ath/agents/ath_x`), [401]],
      ['another method', ask(`${url}/ath/token`), [405]],
      ['nothing there', ask(`${url}/ath/nothing`), [404]],
      ['callback with a foreign state', ask(`${url}/ath/callback?code=x&state=y`), [400]],
      ['unknown handshake', ask(`${url}/ath/authorize/${'a'.repeat(43)}`), [400]],
      ['proxy without token', ask(`${url}/ath/proxy/github/x`), [401]],
      ['proxy to nowhere', ask(`${url}/ath/proxy/`), [404]],
    ]
    for (const [what, pending, statuses] of replies) {
      const reply = await pending
      assert.ok(statuses.includes(reply.status), `${what}: ${reply.status} ${reply.text}`)
      assert.equal(typeof reply.json['code'], 'string', what)
      assert.equal(typeof reply.json['message'], 'string', what)
    }
  })

  test('[C15] the code for a missing field is the one that peers answer', async () => {
    const codes: Readonly<Record<string, string>> = {
      '/ath/agents/register': 'INVALID_ATTESTATION',
      '/ath/authorize': 'STATE_MISMATCH',
      '/ath/token': 'AGENT_NOT_REGISTERED',
      '/ath/revoke': 'TOKEN_INVALID',
    }
    for (const [path, code] of Object.entries(codes)) {
      const init = { method: 'POST', headers: json, body: '{}' }
      const { status, json: body } = await ask(gateway.url + path, init)
      assert.equal(status, 400)
      assert.equal(body['code'], code, path)
      assert.ok(Array.isArray((body['details'] as Record<string, unknown>)['errors']), path)
    }
  })
})
