import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  canonicalJson,
  jsonCredentialPayload,
  readAccessToken,
  signDetached,
} from '@ath-protocol/types'
import { createDidKey, type DidKey, signCredential } from '@sallyport/testing'
import { endReplacedKeys, endSessionsOfKey } from '../src/index.ts'
import { createNineStepWorld } from './nine-step-world.ts'
import { base } from './world.ts'

test('[D13] [D19] no credential of a key alone stands for the person where a yes needs a passkey', async () => {
  const world = await createNineStepWorld({
    config: { passkeyFrom: 'medium' },
    nineStep: { confirmation: 'unless_covered' },
  })
  const agent = world.agent()
  await agent.greet()
  await agent.identify()
  const asked = await agent.request(await world.credential(), ['oa:write'])
  assert.equal(asked.status, 202, JSON.stringify(asked.json))

  const easy = world.agent()
  await easy.greet()
  await easy.identify()
  const covered = await easy.request(await world.credential(), ['oa:read'])
  assert.equal(covered.status, 200, JSON.stringify(covered.json))
  const { event, auth_method, effective_scopes, evidence } = world.events.at(-1) ?? {}
  assert.deepEqual([event, auth_method, effective_scopes], ['consent_given', 'key', ['oa:read']])
  assert.ok(evidence?.['credential_id'])

  const none = world.agent()
  await none.greet()
  await none.identify()
  assert.equal((await none.request(await world.credential(), ['hr:read'])).status, 200)
  assert.equal(world.events.at(-1)?.event, 'access_denied')
})

test('[U3] a greeting is kept no longer than it can honestly be', async () => {
  const world = await createNineStepWorld()
  const agent = world.agent()
  const stuffed = await agent.greet({ filling: 'x'.repeat(60_000) })
  assert.equal(stuffed.status, 400, JSON.stringify(stuffed.json))
  assert.equal((await world.agent().greet({ comment: 'x'.repeat(1000) })).status, 200)
})

test('[U4] [D19] a key that the configuration replaced ends at the start, also a handshake that was under way', async () => {
  const did = 'did:ath:office'
  const key = await createDidKey()
  const pin = {
    did,
    thumbprint: key.publicKey.thumbprint,
    name: 'Office',
    developer: { name: 'Blue Harbour', id: 'blue-harbour' },
  }
  const pinnedDids = [pin]
  const world = await createNineStepWorld({ nineStep: { pinnedDids } })
  await world.approve(did, { clientId: 'ath_office', keyThumbprint: pin.thumbprint })
  const agents = [world.agent({ key, did }), world.agent({ key, did })] as const
  for (const agent of agents) {
    await agent.greet()
    await agent.identify()
    const credential = await world.credential({ agent: key, clientDid: did })
    assert.equal((await agent.request(credential, ['oa:read'])).status, 202)
    assert.ok((await world.answer()).ok)
    await agent.poll()
  }
  const [inside, underWay] = agents
  assert.equal((await inside.complete()).status, 200)

  pinnedDids[0] = { ...pin, thumbprint: (await createDidKey()).publicKey.thumbprint }
  await endReplacedKeys(world.ports)
  const [grant] = await world.ports.grants.list({ clientId: 'ath_office' })
  assert.notEqual(grant?.revokedAt, undefined)
  assert.ok(world.events.some(({ event }) => event === 'session_ended'))
  assert.notEqual((await inside.sessionRequest('token_refresh')).status, 200)
  const late = await underWay.complete()
  assert.equal(late.status, 401, JSON.stringify(late.json))
  assert.equal((late.json['details'] as { reason: string }).reason, 'key_not_of_did')
})

test('[D15] [U6] a key that its person removed ends what it had signed or answered, also what was under way', async () => {
  const world = await createNineStepWorld()
  const { person, nineStep, ports } = world
  const thumbprint = person.publicKey.thumbprint
  const later = await createDidKey()
  await nineStep.userKeys.insert({
    thumbprint: later.publicKey.thumbprint,
    userId: 'usr_wang',
    jwk: later.publicKey.jwk,
    label: 'another',
    createdAt: world.clock.now(),
  })
  const byOther = () =>
    signCredential(later, {
      agent: world.agentKey,
      serverDid: nineStep.serverDid,
      scopes: ['oa:read'],
      now: world.clock.now(),
    })
  const answeredWith = (key: DidKey) => ({
    method: 'key' as const,
    message: JSON.stringify({ signature: `${headOf(key)}..mark` }),
  })
  const open = async (credential: string, key?: DidKey) => {
    const agent = world.agent()
    await agent.greet()
    await agent.identify()
    assert.equal((await agent.request(credential, ['oa:read'])).status, 202)
    assert.ok((await world.answer(key ? answeredWith(key) : {})).ok)
    await agent.poll()
    return agent
  }
  const signed = await open(await world.credential())
  const answered = await open(await byOther(), person)
  const spared = await open(await byOther(), later)
  const underWay = [await open(await world.credential()), await open(await byOther(), person)]
  for (const agent of [signed, answered, spared]) assert.equal((await agent.complete()).status, 200)

  assert.ok(await nineStep.userKeys.remove('usr_wang', thumbprint))
  await endSessionsOfKey(ports, 'usr_wang', thumbprint)
  for (const agent of [signed, answered])
    assert.notEqual((await agent.sessionRequest('token_refresh')).status, 200)
  assert.equal((await spared.sessionRequest('token_refresh')).status, 200)
  for (const agent of underWay) assert.notEqual((await agent.complete()).status, 200)
  const live = await nineStep.sessions.list({ userId: 'usr_wang', liveAt: world.clock.now() })
  assert.equal(live.length, 1)
})

const headOf = ({ publicKey }: DidKey) =>
  Buffer.from(JSON.stringify({ alg: 'ES256', kid: publicKey.thumbprint })).toString('base64url')

test('[D17] a second that begins while a session opens makes no token that differs from its answer', async () => {
  const world = await createNineStepWorld()
  const agent = world.agent()
  await agent.greet()
  await agent.identify()
  await agent.request(await world.credential(), ['oa:read'])
  assert.ok((await world.answer({ lifetimeSeconds: 600 })).ok)
  await agent.poll()
  const { sessions, tokenKey } = world.nineStep
  const insert = sessions.insert.bind(sessions)
  sessions.insert = async (session) => {
    world.clock.advance(1)
    return insert(session)
  }
  const { json } = await agent.complete()
  const token = await readAccessToken(
    String(json['access_token']),
    { issuer: base },
    tokenKey.publicKey,
  )
  assert.ok(token.ok)
  assert.equal(token.value.exp - token.value.iat, json['expires_in'])
})

test('[D13] [U6] what a person signed for no server in particular stands for them nowhere without asking', async () => {
  const world = await createNineStepWorld({ nineStep: { confirmation: 'unless_covered' } })
  const write = async (more: object) => {
    const object = {
      user_did: world.person.did,
      client_did: world.agentKey.did,
      scopes: ['oa:read'],
      expires_at: world.clock.now() + 80_000,
      ...more,
    }
    const payload = await jsonCredentialPayload(canonical(object))
    const signature = await signDetached(world.person.signer, 'ath-hs+jws', payload)
    return Buffer.from(canonical({ ...object, signature })).toString('base64url')
  }
  for (const [more, status] of [
    [{}, 202],
    [{ aud: world.nineStep.serverDid }, 200],
  ] as const) {
    const agent = world.agent()
    await agent.greet()
    await agent.identify()
    const answer = await agent.request(await write(more), ['oa:read'])
    assert.equal(answer.status, status, JSON.stringify(answer.json))
  }
})

function canonical(value: object): string {
  const text = canonicalJson(value)
  assert.ok(text.ok)
  return text.value
}
