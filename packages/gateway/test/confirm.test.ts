import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  canonicalOf,
  createDidKey,
  type DidKey,
  NineStepAgent,
  signCredential,
} from '@sallyport/testing'
import {
  createUserProof,
  handshakeTyp,
  signDetached,
  userDecisionPayload,
} from '@ath-protocol/types'
import { ask, createPerson, openWholeGateway, type WholeGateway } from './gateway.ts'

type Json = Readonly<Record<string, unknown>>

const did = 'did:ath:office_assistant'
const serverDid = 'did:ath:harbour_gateway'
const now = () => Math.floor(Date.now() / 1000)

let gateway: WholeGateway
let agentKey: DidKey
let userKey: DidKey
const person = createPerson()

before(async () => {
  ;[agentKey, userKey] = await Promise.all([createDidKey(), createDidKey('EdDSA')])
  gateway = await openWholeGateway(
    ({ upstream }) => `
version: 1
gateway: { data_dir: ./data }
nine_step:
  server_did: ${serverDid}
  agents:
    - did: ${did}
      name: Office Assistant
      developer: { id: blue-harbour, name: Blue Harbour }
      key: |
        ${agentKey.pem.trim().replaceAll('\n', '\n        ')}
agents:
  - { name: office, agent: ${did}, allow: { oa: [oa:read, oa:write], crm: [crm:write] } }
providers:
  oa:
    url: ${upstream}
    auth: { kind: none }
    scopes:
      oa:read: { match: [GET /**], risk: low, description: Read approvals }
      oa:write: [POST /**]
  crm:
    url: ${upstream}
    auth: { kind: mock_oauth2, user: wang }
    scopes: { crm:write: [POST /**] }
limits: { register_ip: none, status_ip: none, login_ip: none, handshake_ip: none, handshake_client: none }
`,
  )
  const key = Buffer.from(JSON.stringify(userKey.publicKey.jwk)).toString('base64url')
  const page = await person.visit(`${gateway.url}/me/keys?key=${key}&label=laptop`)
  assert.equal((await person.submit(page, `${gateway.url}/me/keys`, '/me/keys')).status, 200)
})
after(() => gateway.close())

/** A request of the person's program, with a fresh proof of its key. */
async function asProgram(method: string, path: string, body?: object) {
  const proof = await createUserProof(userKey.signer, {
    iss: userKey.did,
    aud: serverDid,
    htm: method,
    htu: path,
    iat: now(),
    jti: crypto.randomUUID(),
  })
  return ask(`${gateway.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', 'ath-user-proof': proof },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

/** An agent whose person is being asked, and the address of the question. */
async function asking(scopes: readonly string[]) {
  const agent = new NineStepAgent({
    key: agentKey,
    did,
    now,
    async send(method, path, { body, headers }) {
      const reply = await ask(`${gateway.url}${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: reply.status, json: reply.json }
    },
  })
  await agent.greet()
  await agent.identify()
  const given = { agent: agentKey, clientDid: did, serverDid, scopes, now: now() }
  const asked = await agent.request(await signCredential(userKey, given), scopes)
  assert.equal(asked.status, 202, JSON.stringify(asked.json))
  const { json } = await asProgram('GET', '/ath/inbox')
  const [question] = json['requests'] as readonly Json[]
  const path = `/ath/confirm/${question?.['id']}`
  return { agent, path, url: gateway.url + path }
}

async function signedAnswer(path: string, changes: Json) {
  const { json } = await asProgram('GET', path)
  const message = {
    type: 'authorization_confirmation_response',
    request_id: path.split('/').at(-1),
    approved: true,
    approved_scopes: (json['request'] as Json)['requested_scopes'],
    expires_at: now() + Number(json['longest_seconds']),
    timestamp: now(),
    ...changes,
  }
  const payload = await userDecisionPayload(String(json['message']), canonicalOf(message))
  return { ...message, signature: await signDetached(userKey.signer, handshakeTyp, payload) }
}

test('[U7] [D15] a program of the person reads the question, signs the answer, and a restart in between changes nothing', async () => {
  const { agent, path } = await asking(['oa:read', 'oa:write'])
  const answer = await signedAnswer(path, { approved_scopes: ['oa:read'] })
  await gateway.restart()
  const reply = await asProgram('POST', path, answer)
  assert.equal(reply.status, 200, reply.text)
  assert.equal(reply.json['status'], 'approved')
  await gateway.restart()
  assert.equal((await asProgram('POST', path, answer)).status, 409)
  assert.deepEqual((await agent.poll()).json['scopes_granted'], ['oa:read'])
  assert.equal((await agent.complete()).status, 200)
})

test('[D15] a signed no ends it', async () => {
  const { agent, path } = await asking(['oa:read'])
  const denial = await signedAnswer(path, { approved: false, approved_scopes: [] })
  assert.equal((await asProgram('POST', path, denial)).json['status'], 'denied')
  assert.deepEqual((await agent.poll()).json['scopes_granted'], [])
})

test('[D13] who is at a provider’s page when the gateway restarts goes on from the link', async () => {
  const { agent, path, url } = await asking(['oa:read', 'crm:write'])
  // The yes, and no step further: the browser does not follow to the provider.
  const cookie = () => [...person.jar].map(([name, value]) => `${name}=${value}`).join('; ')
  const page = await person.visit(url)
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
  const lifetime = [...page.text.matchAll(/<option value="(\d+)"/g)].at(-1)?.[1] ?? ''
  const left = await ask(url, {
    method: 'POST',
    headers: { cookie: cookie(), origin: gateway.url, accept: 'text/html' },
    body: new URLSearchParams({
      csrf,
      lifetime,
      decision: 'approve',
      'scope oa:read': 'on',
      'scope crm:write': 'on',
    }),
  })
  assert.equal(left.status, 200)
  assert.match(left.text, /http-equiv="refresh"/)
  assert.match(left.headers.getSetCookie().join(), /^__Host-ath_bind=/)
  assert.equal((await agent.poll()).status, 202)
  await gateway.restart()
  const end = await person.visit(url)
  assert.equal(end.status, 200)
  assert.match(end.text, /<h1>Done<\/h1>/)
  assert.deepEqual((await agent.poll()).json['scopes_granted'], ['oa:read', 'crm:write'])
  assert.equal((await asProgram('GET', path)).json['status'], 'approved')
})

test('[D14] the page is kept by nobody, framed by nobody, runs no script, and sends its form to us alone', async () => {
  const { url } = await asking(['oa:read'])
  const page = await person.visit(url)
  assert.equal(page.status, 200)
  const policy = page.headers.get('content-security-policy') ?? ''
  assert.match(policy, /default-src 'none'/)
  assert.match(policy, /form-action 'self'/)
  assert.match(policy, /frame-ancestors 'none'/)
  assert.doesNotMatch(policy, /script-src|unsafe/)
  assert.equal(page.headers.get('cache-control'), 'no-store')
  assert.match(page.text, /known to your administrator/)
  // Whoever previews links is not signed in: they see the way to the log-in, and decide nothing.
  const preview = await ask(url, { headers: { accept: 'text/html' } })
  assert.equal(preview.status, 302)
  assert.match(preview.headers.get('location') ?? '', /^\/login\?return_to=/)
})

test('what no page sends is refused with its code', async () => {
  const { path, url } = await asking(['oa:read'])
  const json = { 'content-type': 'application/json' }
  for (const [init, status, code] of [
    [{ method: 'PUT' }, 405, 'INVALID_REQUEST'],
    [{ headers: { accept: 'application/json' } }, 401, 'INVALID_ATTESTATION'],
    [{ method: 'POST', headers: json, body: '{}' }, 400, 'INVALID_REQUEST'],
    [{ method: 'POST', headers: json, body: 'x'.repeat(70_000) }, 413, 'INVALID_REQUEST'],
  ] as const) {
    const reply = await ask(url, init)
    assert.equal(reply.status, status, JSON.stringify(init).slice(0, 80))
    assert.equal(reply.json['code'], code)
  }
  const unknown = await asProgram('GET', `/ath/confirm/cns_${'x'.repeat(43)}`)
  assert.equal(unknown.status, 404)
  assert.equal(unknown.json['code'], 'NOT_FOUND')
  assert.equal((await asProgram('GET', path)).json['status'], 'pending')
})
