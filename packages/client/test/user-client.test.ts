import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createDidKey, createNineStepGateway, type DidKey } from '@sallyport/testing'
import { didKeyOf } from '@ath-protocol/types'
import { AthError } from '@ath-protocol/client'
import { handshake } from '@ath-protocol/client/nine-step'
import { agentThumbprint, createUserClient, type UserClient } from '@ath-protocol/client/person'

const code = (expected: string, reason?: string) => (error: unknown) => {
  assert.ok(error instanceof AthError, String(error))
  assert.equal(error.code, expected, error.message)
  if (reason !== undefined) assert.equal(error.details['reason'], reason)
  return true
}

const keyOf = ({ privateKey, publicKey }: DidKey) => ({ privateKey, publicKey: publicKey.key })

async function setUp(t: TestContext) {
  const gateway = await createNineStepGateway()
  t.after(() => gateway.close())
  gateway.onAsked = 'wait'
  const agent = await createDidKey()
  await gateway.approveAgent(agent.did)
  const user = await createUserClient({ gateway: gateway.url, key: keyOf(gateway.person) })
  const grant = (lifetimeSeconds = 30_000, oneTime = false) =>
    user.sign({
      agentDid: agent.did,
      agentThumbprint: agent.publicKey.thumbprint,
      serverDid: gateway.ports.nineStep.serverDid,
      scopes: ['oa:read', 'oa:write'],
      lifetimeSeconds,
      oneTime,
    })
  /** The agent asks with this credential, and the person does something about it. */
  const ask = (credential: string, act: () => unknown) =>
    handshake({
      gateway: gateway.url,
      key: keyOf(agent),
      scopes: ['oa:read', 'oa:write'],
      context: 'read approvals',
      credential,
      onPending: act,
    })
  return { gateway, agent, user, grant, ask }
}

const first = async (user: UserClient) => {
  const [question] = (await user.inbox()).requests
  assert.ok(question)
  return question
}

test('[U6] [U7] [D15] a person signs a permission, reads the question, narrows it, and the agent gets just that', async (t) => {
  const { user, grant, ask, gateway } = await setUp(t)
  const { id, credential } = await grant()
  const lodged = await user.lodge(credential)
  assert.deepEqual([lodged.id, lodged.status, lodged.made_by], [id, 'live', 'user'])
  let asked = 0
  const session = await ask(credential, async () => {
    if (asked++ > 0) return
    const question = await first(user)
    assert.equal((await user.question(question.id)).message, question.message)
    assert.equal(question.agent.name, 'AI Office Assistant')
    assert.equal(question.words, 'read approvals')
    assert.equal(question.needs, undefined)
    const decided = await user.decide(question, { scopes: ['oa:read'], lifetimeSeconds: 3600 })
    assert.equal(decided.status, 'approved')
    assert.deepEqual(decided.approved_scopes, ['oa:read'])
    await assert.rejects(
      user.decide(question, { scopes: [], lifetimeSeconds: 0 }),
      code('CONFLICT', 'confirmation_decided'),
    )
  })
  assert.deepEqual(session.scopesGranted, ['oa:read'])
  assert.ok(session.ttlGranted <= 3600 && session.ttlGranted > 3590)
  const { decision } = (await gateway.ports.consents.find(gateway.asked[0]?.id ?? '')) ?? {}
  assert.equal(decision?.method, 'key')
})

test('[D15] a signed no is a no', async (t) => {
  const { user, grant, ask } = await setUp(t)
  const { credential } = await grant()
  const denied = ask(credential, async () => {
    const decided = await user.decide(await first(user), { scopes: [], lifetimeSeconds: 0 })
    assert.equal(decided.status, 'denied')
  })
  await assert.rejects(denied, code('USER_DENIED'))
})

test('[D21] [U6] what was given ahead is listed, and revoking it ends what it opened', async (t) => {
  const { user, grant, ask } = await setUp(t)
  const { id, credential } = await grant()
  const session = await ask(credential, async () => {
    await user.decide(await first(user), { scopes: ['oa:read'], lifetimeSeconds: 600 })
  })
  const [kept] = await user.credentials()
  assert.deepEqual([kept?.id, kept?.status, kept?.one_time], [id, 'live', false])
  await user.revoke(id)
  assert.equal((await user.credentials())[0]?.status, 'revoked')
  await assert.rejects(session.request('GET', '/oa/x'), code('TOKEN_REVOKED'))
  await assert.rejects(
    ask(credential, () => undefined),
    code('INVALID_CREDENTIAL'),
  )
})

test('[U7] a key that nobody registered reads nothing, and says where to register it', async (t) => {
  const { gateway } = await setUp(t)
  const stranger = await createDidKey('EdDSA')
  const user = await createUserClient({ gateway: `${gateway.url}/`, key: keyOf(stranger) })
  await assert.rejects(user.inbox(), (error) => {
    assert.ok(error instanceof AthError)
    assert.equal(error.status, 401)
    return true
  })
  const url = new URL(user.registrationUrl('laptop'))
  assert.equal(`${url.origin}${url.pathname}`, `${gateway.url}/me/keys`)
  // An app keeps its own /me.
  const shopper = await createUserClient({ service: gateway.url, key: keyOf(stranger) })
  assert.equal(new URL(shopper.registrationUrl()).pathname, '/ath/me/keys')
  const jwk = Buffer.from(url.searchParams.get('key') ?? '', 'base64url').toString()
  assert.deepEqual(JSON.parse(jwk), stranger.publicKey.jwk)
  assert.equal(jwk.includes('"d"'), false)
  await gateway.registerKey(stranger.publicKey)
  assert.equal((await user.inbox()).user_did, stranger.did)
})

test('[U6] the key of an agent is what its DID says, or what the person gives for a name; both must agree', async () => {
  const [agent, other] = await Promise.all([createDidKey('EdDSA'), createDidKey()])
  const { thumbprint } = agent.publicKey
  const label = 'did:ath:ai_office_assistant_001'
  assert.equal(await agentThumbprint(agent.did), thumbprint)
  assert.equal(await agentThumbprint(await didKeyOf(agent.publicKey)), thumbprint)
  const jwk = JSON.stringify(agent.publicKey.jwk)
  for (const given of [thumbprint, agent.pem, jwk, `${agent.pem}\n`]) {
    assert.equal(await agentThumbprint(label, given), thumbprint)
    assert.equal(await agentThumbprint(agent.did, given), thumbprint)
    await assert.rejects(agentThumbprint(other.did, given), code('ARGUMENT_INVALID'))
  }
  for (const did of [label, 'did:web:agent.example', 'office', 'did:key:z123'])
    await assert.rejects(agentThumbprint(did), code('ARGUMENT_INVALID'))
  await assert.rejects(agentThumbprint(label, 'no key'), code('KEY_INVALID'))
})

test('[U7] a question that somebody on the way puts under the reference of another is not shown', async (t) => {
  const { gateway, grant, ask } = await setUp(t)
  const { credential } = await grant()
  const swapping: typeof fetch = async (...sent) => {
    const answer = await fetch(...sent)
    const text = (await answer.text()).replace(/"req_[\w-]{16}"/, '"req_AAAAAAAAAAAAAAAA"')
    return new Response(text, answer)
  }
  const user = await createUserClient({
    gateway: gateway.url,
    key: keyOf(gateway.person),
    fetch: swapping,
  })
  const honest = await createUserClient({ gateway: gateway.url, key: keyOf(gateway.person) })
  await assert.rejects(
    ask(credential, async () => {
      await assert.rejects(user.inbox(), code('ANSWER_REFUSED'))
      await honest.decide(await first(honest), { scopes: [], lifetimeSeconds: 0 })
    }),
    code('USER_DENIED'),
  )
})
