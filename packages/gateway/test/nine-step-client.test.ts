import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { AthError, type AtGateway } from '@ath-protocol/client'
import { handshake, type HandshakeWish, resumeHandshake } from '@ath-protocol/client/nine-step'
import { createUserClient, type UserClient } from '@ath-protocol/client/person'
import { createDidKey, type DidKey } from '@sallyport/testing'
import { createPerson, openWholeGateway, type WholeGateway } from './gateway.ts'

const did = 'did:ath:ai_office_assistant_001'
const scopes = ['oa:read', 'crm:write']

const keyOf = ({ privateKey, publicKey }: DidKey) => ({ privateKey, publicKey: publicKey.key })

interface Place {
  readonly gateway: WholeGateway
  readonly user: UserClient
  /** What `handshake` is called with: the scenario, where the person answers from a terminal. */
  options(changes?: Partial<HandshakeWish & AtGateway>): Promise<HandshakeWish & AtGateway>
}

async function setUp(t: TestContext): Promise<Place> {
  const [agentKey, userKey] = await Promise.all([createDidKey(), createDidKey()])
  const gateway = await openWholeGateway(
    ({ upstream }) => `
version: 1
gateway: { data_dir: ./data }
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
    restrictions: { ip_whitelist: [127.0.0.0/8], rate_limit: 100/second }
providers:
  oa:
    url: ${upstream}
    auth: { kind: none }
    scopes: { oa:read: { match: [GET /api/approval/list], risk: low } }
  crm:
    url: ${upstream}
    auth: { kind: none }
    scopes: { crm:write: [POST /api/customer/*] }
`,
  )
  t.after(() => gateway.close())
  const user = await createUserClient({ gateway: gateway.url, key: keyOf(userKey) })
  const person = createPerson()
  const page = await person.visit(user.registrationUrl('laptop'))
  assert.ok(page.text.includes(user.thumbprint), 'the page shows the fingerprint')
  await person.submit(page, `${gateway.url}/me/keys`, '/me/keys')
  assert.equal((await user.inbox()).requests.length, 0)
  const { credential } = await user.sign({
    agentDid: did,
    agentThumbprint: agentKey.publicKey.thumbprint,
    serverDid: 'did:ath:enterprise_gateway_001',
    scopes,
    lifetimeSeconds: 28_800,
  })
  return {
    gateway,
    user,
    options: async (changes = {}) => ({
      gateway: gateway.url,
      key: keyOf(agentKey),
      did,
      scopes,
      ttl: 28_800,
      context: 'User needs to query OA approvals and update CRM customer information',
      credential,
      onPending: () => approveAll(user),
      ...changes,
    }),
  }
}

async function approveAll(user: UserClient): Promise<void> {
  for (const question of (await user.inbox()).requests)
    await user.decide(question, { scopes, lifetimeSeconds: question.longest_seconds })
}

test('[D1] [U6] [U7] the scenario with the client: permission ahead, answer from a terminal, calls to both systems, the end', async (t) => {
  const { gateway, options, user } = await setUp(t)
  const all = await options()
  const session = await handshake(all)
  assert.deepEqual(session.scopesGranted, scopes)
  assert.equal(session.serverDid, 'did:ath:enterprise_gateway_001')
  assert.ok(session.ttlGranted > 28_000)
  assert.deepEqual(session.restrictions, {
    ip_whitelist: ['127.0.0.0/8'],
    rate_limit: '100/second',
  })
  assert.equal((await session.fetch('/oa/api/approval/list')).status, 200)
  const updated = await session.request('POST', '/crm/api/customer/123', {
    json: { status: 'following_up' },
  })
  assert.equal(updated.status, 200)
  await assert.rejects(
    session.request('DELETE', '/crm/api/customer/123'),
    (error) => error instanceof AthError && error.code === 'SCOPE_NOT_APPROVED',
  )
  const later = await resumeHandshake(session.stored(), { key: all.key })
  await later.refresh()
  assert.equal((await later.fetch('/oa/api/approval/list')).status, 200)
  assert.equal((await user.credentials()).length, 1)
  await later.end()
  await assert.rejects(
    session.request('GET', '/oa/api/approval/list'),
    (error) => error instanceof AthError && error.code === 'TOKEN_REVOKED',
  )
  assert.ok(gateway.url)
})

test('[U10] [D9] the same, encrypted from end to end', async (t) => {
  const { options } = await setUp(t)
  const session = await handshake(await options({ encrypted: true }))
  assert.equal(session.encrypted, true)
  const list = await session.request('GET', '/oa/api/approval/list')
  assert.equal(list.status, 200)
  assert.ok((await list.text()).length > 0)
  await session.refresh()
  const updated = await session.request('POST', '/crm/api/customer/123', { json: { a: 1 } })
  assert.equal(updated.status, 200)
  assert.equal(session.stored().nextSequence, 2)
  // What the gateway refuses after it could decrypt is told, too.
  await assert.rejects(
    session.request('GET', '/crm/api/customer/123'),
    (error) => error instanceof AthError && error.code === 'SCOPE_NOT_APPROVED',
  )
  await session.end()
})
