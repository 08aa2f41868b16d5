import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  createDidKey,
  type DidKey,
  type Exchange,
  NineStepAgent,
  signCredential,
} from '@sallyport/testing'
import {
  createUserProof,
  decryptMessage,
  encryptedMediaType,
  encryptionCapability,
  encryptMessage,
  importDirection,
} from '@ath-protocol/types'
import { ask, createPerson, openWholeGateway, type WholeGateway } from './gateway.ts'

const did = 'did:ath:ai_office_assistant_001'
const scopes = ['oa:read', 'crm:write']

/** The office network, as a proxy in front of the gateway tells it. */
const office = { 'x-forwarded-for': '10.20.30.40' }
const elsewhere = { 'x-forwarded-for': '192.0.2.9' }

/** A zone in which it is noon or so now, so that the office is open whenever this runs. */
function openZone(): string {
  const ahead = 12 - new Date().getUTCHours()
  return ahead === 0 ? 'UTC' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`
}

const now = () => Date.now() / 1000

interface Place {
  readonly gateway: WholeGateway
  readonly agentKey: DidKey
  readonly userKey: DidKey
  readonly person: ReturnType<typeof createPerson>
  readonly send: Exchange
  agent(changes?: Partial<ConstructorParameters<typeof NineStepAgent>[0]>): NineStepAgent
  credential(): Promise<string>
  /** What waits for the person, as their program sees it. */
  inbox(): Promise<readonly { readonly id: string }[]>
}

let place: Place

before(async () => {
  const [agentKey, userKey] = await Promise.all([createDidKey(), createDidKey()])
  const gateway = await openWholeGateway(
    ({ upstream }) => `
version: 1
gateway:
  data_dir: ./data
  listen: { trusted_proxies: [127.0.0.1/32] }
nine_step:
  server_did: did:ath:enterprise_gateway_001
  agents:
    - did: ${did}
      name: AI Office Assistant
      developer: { id: blue-harbour, name: Blue Harbour }
      key: |
        ${agentKey.pem.trim().replaceAll('\n', '\n        ')}
agents:
  - name: office-assistant
    agent: ${did}
    allow: { oa: [oa:read], crm: [crm:write] }
    restrictions:
      ip_whitelist: [10.0.0.0/8]
      access_time: "9:00-18:00"
      access_timezone: ${openZone()}
providers:
  oa:
    url: ${upstream}
    auth: { kind: none }
    scopes:
      oa:read: { match: [GET /api/approval/list], risk: low }
      oa:write: [POST /api/approval/*]
  crm:
    url: ${upstream}
    auth: { kind: none }
    scopes: { crm:write: [POST /api/customer/*] }
limits: { register_ip: none, status_ip: none, login_ip: none, handshake_ip: none, handshake_client: none }
`,
  )
  const person = createPerson()
  const send: Exchange = async (method, path, { body, headers }) => {
    const reply = await ask(`${gateway.url}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...office, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: reply.status, json: reply.json }
  }
  place = {
    gateway,
    agentKey,
    userKey,
    person,
    send,
    agent: (changes = {}) => new NineStepAgent({ key: agentKey, did, now, send, ...changes }),
    credential: () =>
      signCredential(userKey, {
        agent: agentKey,
        clientDid: did,
        serverDid: 'did:ath:enterprise_gateway_001',
        scopes,
        now: now(),
      }),
    async inbox() {
      const proof = await createUserProof(userKey.signer, {
        iss: userKey.did,
        aud: gateway.url,
        htm: 'GET',
        htu: '/ath/inbox',
        iat: Math.floor(now()),
        jti: crypto.randomUUID(),
      })
      const { status, json } = await send('GET', '/ath/inbox', {
        headers: { 'ath-user-proof': proof },
      })
      assert.equal(status, 200, JSON.stringify(json))
      return json['requests'] as readonly { readonly id: string }[]
    },
  }
  await registerUserKey(place)
})

after(() => place.gateway.close())

/** On their own page, as their program would have opened it. */
async function registerUserKey({ gateway, person, userKey }: Place): Promise<void> {
  const key = Buffer.from(JSON.stringify(userKey.publicKey.jwk)).toString('base64url')
  const page = await person.visit(`${gateway.url}/me/keys?key=${key}&label=laptop`)
  assert.ok(page.text.includes(userKey.publicKey.thumbprint), 'the page shows the fingerprint')
  const reply = await person.submit(page, `${gateway.url}/me/keys`, '/me/keys')
  assert.equal(reply.status, 200, reply.text.replace(/<style[\s\S]*<\/style>/, ''))
}

/** The person opens the link that a channel would have brought, and says yes. */
async function approve(
  { gateway, person, inbox }: Place,
  decision: 'approve' | 'deny' = 'approve',
) {
  const [question] = await inbox()
  assert.ok(question, 'something waits for the person')
  return person.answer(`${gateway.url}/ath/confirm/${question.id}`, decision, 28_800)
}

const callAs = (
  { gateway }: Place,
  token: unknown,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = office,
) =>
  ask(`${gateway.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${String(token)}`, ...headers },
  })

async function openSession(agent: NineStepAgent): Promise<unknown> {
  assert.equal((await agent.greet()).status, 200)
  assert.equal((await agent.identify()).status, 200)
  assert.equal((await agent.request(await place.credential(), scopes)).status, 202)
  await approve(place)
  assert.equal((await agent.poll()).status, 200)
  const completed = await agent.complete()
  assert.equal(completed.status, 200, JSON.stringify(completed.json))
  return completed.json['access_token']
}

test('[D1] [D13] [U7] [U13] [R124] the office assistant’s scenario runs as it is written', async () => {
  const agent = place.agent()
  const greeted = await agent.greet()
  assert.equal(greeted.json['server_did'], 'did:ath:enterprise_gateway_001')
  assert.equal((await agent.identify()).json['success'], true)
  const pending = await agent.request(await place.credential(), scopes)
  assert.equal(pending.status, 202)
  const page = await approve(place)
  assert.equal(page.status, 200)
  const result = await agent.poll()
  assert.deepEqual(result.json['scopes_granted'], scopes)
  assert.equal(result.json['ttl_granted'], 28_800)
  assert.deepEqual(result.json['restrictions'], {
    ip_whitelist: ['10.0.0.0/8'],
    access_time: '9:00-18:00',
    access_timezone: openZone(),
  })
  const { json } = await agent.complete()
  const token = json['access_token']

  // The calls of the scenario: the service’s own name in the path, and nothing but the token.
  const read = await callAs(place, token, 'GET', '/oa/api/approval/list')
  assert.equal(read.status, 200, read.text)
  assert.equal(read.json['path'], '/api/approval/list')
  const write = await callAs(place, token, 'POST', '/crm/api/customer/123')
  assert.equal(write.status, 200, write.text)
  // The same by the long address.
  const long = await callAs(place, token, 'GET', '/ath/proxy/oa/api/approval/list')
  assert.equal(long.status, 200)

  const unscoped = await callAs(place, token, 'POST', '/oa/api/approval/1')
  assert.equal(unscoped.json['code'], 'SCOPE_NOT_APPROVED')
  const outside = await callAs(place, token, 'GET', '/oa/api/approval/list', elsewhere)
  assert.equal(outside.status, 403)
  assert.equal((outside.json['details'] as { reason: string }).reason, 'outside_network')
  const other = await callAs(place, token, 'GET', '/oa/api/approval/list', {
    ...office,
    'x-ath-agent-id': 'did:ath:somebody_else',
  })
  assert.equal(other.json['code'], 'AGENT_IDENTITY_MISMATCH')
  assert.equal((await agent.sessionRequest('session_end')).status, 200)
  assert.equal((await callAs(place, token, 'GET', '/oa/api/approval/list')).status, 401)
})

test('[U3] the handshake goes on after a restart between any two messages', async () => {
  const agent = place.agent({ capabilities: ['ES256', 'ATH-HS-JWS'] })
  const { gateway } = place
  await agent.greet()
  await gateway.restart()
  assert.equal((await agent.identify()).status, 200)
  await gateway.restart()
  assert.equal((await agent.request(await place.credential(), scopes)).status, 202)
  await gateway.restart()
  assert.equal((await agent.poll()).status, 202)
  await approve(place)
  await gateway.restart()
  assert.equal((await agent.poll()).status, 200)
  await gateway.restart()
  const completed = await agent.complete()
  assert.equal(completed.status, 200, JSON.stringify(completed.json))
  await gateway.restart()
  const token = completed.json['access_token']
  assert.equal((await callAs(place, token, 'GET', '/oa/api/approval/list')).status, 200)
  const renewed = await agent.sessionRequest('token_refresh')
  assert.equal(renewed.status, 200, JSON.stringify(renewed.json))
  await gateway.restart()
  const fresh = renewed.json['access_token']
  assert.equal((await callAs(place, fresh, 'POST', '/crm/api/customer/1')).status, 200)
})

test('[U14] a no on the page is a result with nothing in it', async () => {
  const agent = place.agent()
  await agent.greet()
  await agent.identify()
  await agent.request(await place.credential(), scopes)
  await approve(place, 'deny')
  const { json } = await agent.poll()
  assert.deepEqual(json['scopes_granted'], [])
})

test('[U10] [D9] an encrypted session goes on after a restart, nothing of it counts twice, and an operator ends it', async () => {
  const { gateway } = place
  const capabilities = ['ES256', 'ATH-HS-JWS', encryptionCapability]
  const agent = place.agent({ capabilities })
  const token = await openSession(agent)
  assert.ok(agent.sessionKeys)
  const c2s = await importDirection(agent.sessionKeys, 'c2s')
  const s2c = await importDirection(agent.sessionKeys, 's2c')
  const target = '/oa/api/approval/list'
  const sealedFor = (seq: number) =>
    encryptMessage(c2s, { sid: agent.sessionId, seq, htm: 'GET', htu: target }, {})
  const send = (body: string) =>
    ask(`${gateway.url}${target}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${String(token)}`,
        'content-type': encryptedMediaType,
        ...office,
      },
      body,
    })
  const first = await sealedFor(0)
  const answer = await send(first)
  assert.equal(answer.status, 200, answer.text)
  const opened = await decryptMessage(s2c, answer.text.trim())
  assert.ok(opened.ok)
  assert.equal(opened.value.header.fin, true)
  const body = Buffer.from(opened.value.message.body ?? []).toString()
  assert.equal(JSON.parse(body).path, '/api/approval/list')
  assert.equal((await callAs(place, token, 'GET', target)).status, 401)

  await gateway.restart()
  const replayed = await send(first)
  assert.equal(replayed.status, 409)
  const details = replayed.json['details'] as { readonly next_seq: number }
  const next = await send(await sealedFor(details.next_seq))
  assert.equal(next.status, 200, next.text)

  const ended = await gateway.running.adminApi({
    method: 'POST',
    path: `/sessions/${agent.sessionId}/end`,
    query: new URLSearchParams(),
    headers: { 'content-type': 'application/json' },
    body: new TextEncoder().encode('{}'),
    ip: 'local',
  })
  assert.equal(ended.status, 200, ended.body)
  assert.equal((await send(await sealedFor(details.next_seq + 1))).json['code'], 'TOKEN_REVOKED')
})

test('[U9] whatever ends a permission ends a session’s token at once', async () => {
  const { gateway, person } = place
  const calls = (token: unknown) => callAs(place, token, 'GET', '/oa/api/approval/list')

  const mine = await openSession(place.agent())
  assert.equal((await calls(mine)).status, 200)
  await person.endAll(gateway.url)
  assert.equal((await calls(mine)).json['code'], 'TOKEN_REVOKED')

  const suspended = await openSession(place.agent())
  assert.equal((await calls(suspended)).status, 200)
  const agents = await gateway.running.adminApi({
    method: 'GET',
    path: '/agents',
    query: new URLSearchParams(),
    headers: {},
    body: new Uint8Array(),
    ip: 'local',
  })
  const registered = (
    JSON.parse(agents.body) as { agents: { client_id: string; agent_id: string }[] }
  ).agents.find(({ agent_id }) => agent_id === did)
  assert.ok(registered)
  const operate = (verb: string) =>
    gateway.running.adminApi({
      method: 'POST',
      path: `/agents/${registered.client_id}/${verb}`,
      query: new URLSearchParams(),
      headers: { 'content-type': 'application/json' },
      body: new TextEncoder().encode('{}'),
      ip: 'local',
    })
  assert.equal((await operate('suspend')).status, 200)
  assert.equal((await calls(suspended)).json['code'], 'AGENT_UNAPPROVED')
})
