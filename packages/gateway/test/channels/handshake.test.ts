import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import {
  callbackJson,
  createDidKey,
  createWebhookReceiver,
  type Exchange,
  NineStepAgent,
  signCredential,
} from '@sallyport/testing'
import { ask, createPerson, openWholeGateway } from '../gateway.ts'

const did = 'did:ath:ai_office_assistant_001'
const serverDid = 'did:ath:enterprise_gateway_001'
const newKey = () => `whsec_${randomBytes(32).toString('base64')}`
const now = () => Date.now() / 1000

test('[D13] [D14] [D15] an agent’s request reaches the person by a channel of their own, one press answers it, and the handshake completes', async (t) => {
  const [key, backKey] = [newKey(), newKey()]
  const [agentKey, userKey] = await Promise.all([createDidKey(), createDidKey()])
  const receiver = await createWebhookReceiver({ keys: [key] })
  t.after(() => receiver.close())
  const gateway = await openWholeGateway(
    ({ upstream }) => `version: 1
nine_step:
  server_did: ${serverDid}
  agents:
    - did: ${did}
      name: AI Office Assistant
      developer: { id: blue-harbour, name: Blue Harbour }
      key: |
        ${agentKey.pem.trim().replaceAll('\n', '\n        ')}
confirm:
  channels:
    - { kind: webhook, name: desk, url: "${receiver.url}", keys: ["${key}"], callback_keys: ["${backKey}"] }
agents:
  - { agent: "${did}", allow: { oa: [oa:read] } }
providers:
  oa:
    url: ${upstream}
    auth: { kind: none }
    scopes: { oa:read: { match: [GET /**], description: Read approvals, risk: low } }
`,
  )
  t.after(() => gateway.close())
  receiver.options.callbackUrl = `${gateway.url}/ath/channels/desk`
  const person = createPerson()
  const shown = Buffer.from(JSON.stringify(userKey.publicKey.jwk)).toString('base64url')
  const page = await person.visit(`${gateway.url}/me/keys?key=${shown}&label=laptop`)
  await person.submit(page, `${gateway.url}/me/keys`, '/me/keys')
  const send: Exchange = async (method, path, { body, headers }) => {
    const { status, json } = await ask(`${gateway.url}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status, json }
  }
  const agent = new NineStepAgent({ key: agentKey, did, now, send })
  assert.equal((await agent.greet()).status, 200)
  assert.equal((await agent.identify()).status, 200)
  const credential = await signCredential(userKey, {
    agent: agentKey,
    clientDid: did,
    serverDid,
    scopes: ['oa:read'],
    now: now(),
  })
  const requested = await agent.request(credential, ['oa:read'])
  assert.equal(requested.status, 202, JSON.stringify(requested.json))
  while (receiver.messages.length === 0) await new Promise((later) => setTimeout(later, 20))
  const data = receiver.messages[0]?.payload['data'] as Record<string, unknown>
  const consent = String(data['consent'])
  assert.equal(data['can_answer'], true)
  assert.equal(data['link'], `${gateway.url}/ath/confirm/${consent}`)
  assert.ok(!JSON.stringify(requested.json).includes(consent), 'the agent never sees the link')
  const asked = { consent, person: (data['person'] as { id: string }).id, keys: [backKey] }
  const pressed = await receiver.press({ ...asked, action: 'approve' })
  assert.equal(callbackJson(pressed)['outcome'], 'approved', pressed.body)
  assert.equal((await agent.poll()).status, 200)
  const completed = await agent.complete()
  assert.equal(completed.status, 200, JSON.stringify(completed.json))
  while (receiver.messages.length < 2) await new Promise((later) => setTimeout(later, 20))
  assert.equal(receiver.messages[1]?.payload['type'], 'confirmation.settled')
  assert.deepEqual(receiver.faults, [])
})
