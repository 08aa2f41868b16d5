import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDidKey, type DidKey, signCredential } from '@sallyport/testing'
import {
  canonicalJson,
  cryptoKeySigner,
  didOfKey,
  encodeBase64url,
  handshakeTyp,
  jsonCredentialPayload,
  signDetached,
} from '@ath-protocol/types'
import { createNineStepWorld, type NineStepWorld } from '../../test/nine-step-world.ts'
import { admitCredential } from './admit-credential.ts'

const admit = (world: NineStepWorld, text: string) =>
  admitCredential(world.ports, text, {
    clientDid: world.agentKey.did,
    clientThumbprint: world.agentKey.publicKey.thumbprint,
  })

async function fault(world: NineStepWorld, text: string): Promise<string> {
  const admitted = await admit(world, text)
  assert.ok(!admitted.ok && admitted.error.reason === 'handshake_message')
  return admitted.error.fault.kind
}

async function registered(world: NineStepWorld, userId: string): Promise<DidKey> {
  const key = await createDidKey()
  const { thumbprint, jwk } = key.publicKey
  await world.nineStep.userKeys.insert({ thumbprint, userId, jwk, label: 'key', createdAt: 0 })
  return key
}

test('[D12] a credential is written down once, under the name that its user gave it', async () => {
  const world = await createNineStepWorld()
  const text = await world.credential({ changes: { jti: 'monday' } })
  const first = await admit(world, text)
  assert.ok(first.ok)
  assert.equal(first.value.userId, 'usr_wang')
  assert.equal(first.value.madeBy, 'user')
  world.clock.advance(60)
  const second = await admit(world, text)
  assert.ok(second.ok)
  assert.deepEqual(second.value.authorization, first.value.authorization)
  assert.equal(first.value.authorization.id, 'monday')
})

test('[D12] a credential whose key was removed counts for nothing, also when it was seen before', async () => {
  const world = await createNineStepWorld()
  const text = await world.credential()
  assert.ok((await admit(world, text)).ok)
  await world.nineStep.userKeys.remove('usr_wang', world.person.publicKey.thumbprint)
  assert.equal(await fault(world, text), 'credential_key_unknown')
})

test('[D12] a credential that was seen before is held to its time and its client again', async () => {
  const world = await createNineStepWorld()
  const text = await world.credential()
  assert.ok((await admit(world, text)).ok)
  const stranger = await createDidKey()
  const shown = await admitCredential(world.ports, text, {
    clientDid: stranger.did,
    clientThumbprint: stranger.publicKey.thumbprint,
  })
  assert.ok(!shown.ok)
  world.clock.advance(28_801)
  assert.equal(await fault(world, text), 'credential_expired')
})

test('[D21] a one-time credential that was used is refused', async () => {
  const world = await createNineStepWorld()
  const text = await world.credential({ oneTime: true, changes: { jti: 'once' } })
  assert.ok((await admit(world, text)).ok)
  await world.nineStep.preAuthorizations.use('usr_wang', 'once', world.clock.now())
  assert.equal(await fault(world, text), 'credential_used')
})

test('[D6] a credential signed by another key under the name of a registered one is refused', async () => {
  const world = await createNineStepWorld()
  const stranger = await createDidKey()
  const text = await world.credential({
    changes: { iss: world.person.did, sub: world.person.did },
  })
  assert.ok((await admit(world, text)).ok)
  const forged = await signCredential(stranger, {
    agent: world.agentKey,
    serverDid: world.nineStep.serverDid,
    scopes: ['oa:read'],
    now: world.clock.now(),
    changes: { iss: world.person.did, sub: world.person.did },
  })
  assert.equal(await fault(world, forged), 'credential_signature_wrong')
})

test('[D6] nobody signs for another: who signs is who allows', async () => {
  const world = await createNineStepWorld()
  const other = await registered(world, 'usr_li')
  for (const sub of [other.did, 'did:ath:usr_li'])
    assert.equal(
      await fault(world, await world.credential({ changes: { sub } })),
      'credential_key_unknown',
    )
})

test('[U6] a user id as issuer needs the name of one of that user’s keys', async () => {
  const world = await createNineStepWorld()
  const did = 'did:ath:usr_wang'
  const changes = { iss: did, sub: did }
  // The signer of the test's person names its thumbprint in `kid`.
  assert.ok((await admit(world, await world.credential({ changes }))).ok)
  const sign = async (key: DidKey, kid?: string) =>
    signCredential(
      { ...key, signer: cryptoKeySigner(key.privateKey, 'ES256', kid) },
      {
        agent: world.agentKey,
        serverDid: world.nineStep.serverDid,
        scopes: ['oa:read'],
        now: world.clock.now(),
        changes,
      },
    )
  assert.ok((await admit(world, await sign(world.person, world.person.did))).ok)
  assert.equal(await fault(world, await sign(world.person)), 'credential_key_unknown')
  const other = await registered(world, 'usr_li')
  assert.equal(await fault(world, await sign(other, other.did)), 'credential_key_unknown')
  assert.equal(
    await fault(world, await sign(other, world.person.did)),
    'credential_signature_wrong',
  )
})

test('[U6] what the server signed for anything but a credential is none', async () => {
  const world = await createNineStepWorld()
  Object.assign(world.ports.users, { has: async () => true })
  const { signer, publicKey } = world.nineStep.handshakeKey
  const key = { signer, publicKey, did: didOfKey(publicKey), pem: '', privateKey: {} } as never
  const claims = {
    agent: world.agentKey,
    serverDid: world.nineStep.serverDid,
    scopes: ['oa:read'],
    now: world.clock.now(),
  }
  const own = { ...claims, changes: { sub: 'did:ath:usr_wang' } }
  assert.ok((await admit(world, await signCredential(key, own))).ok)
  const stranger = await createDidKey()
  const forged = await signCredential(
    { ...stranger, did: world.nineStep.serverDid },
    { ...own, changes: { sub: 'did:ath:usr_wang' } },
  )
  assert.equal(await fault(world, forged), 'credential_signature_wrong')
  // The server names itself as the one who allows.
  assert.equal(await fault(world, await signCredential(key, claims)), 'credential_key_unknown')
})

async function jsonCredential(world: NineStepWorld, key: DidKey, changes: object = {}) {
  const object = {
    user_did: key.did,
    client_did: world.agentKey.did,
    scopes: ['oa:read'],
    expires_at: Math.floor(world.clock.now()) + 3600,
    ...changes,
  }
  const canonical = canonicalJson(object)
  assert.ok(canonical.ok)
  const payload = await jsonCredentialPayload(canonical.value)
  const signature = await signDetached(key.signer, handshakeTyp, payload)
  const whole = canonicalJson({ ...object, signature })
  assert.ok(whole.ok)
  return encodeBase64url(new TextEncoder().encode(whole.value))
}

test('[U6] a credential as the JSON of step 0 is known by the hash of what was signed', async () => {
  const world = await createNineStepWorld()
  const text = await jsonCredential(world, world.person)
  const admitted = await admit(world, text)
  assert.ok(admitted.ok)
  const { authorization } = admitted.value
  assert.match(authorization.id, /^[A-Za-z0-9_-]{43}$/)
  assert.notEqual(authorization.id, authorization.hash)
  // ECDSA signatures are made anew each time: another text, the same credential.
  assert.equal(
    await fault(world, await jsonCredential(world, world.person)),
    'credential_malformed',
  )
  await world.nineStep.preAuthorizations.revoke('usr_wang', authorization.id, world.clock.now())
  assert.equal(await fault(world, text), 'credential_revoked')
})

test('[U6] a credential as JSON that a stranger signed, or that somebody changed, is refused', async () => {
  const world = await createNineStepWorld()
  const stranger = await createDidKey()
  assert.equal(await fault(world, await jsonCredential(world, stranger)), 'credential_key_unknown')
  const named = await jsonCredential(world, stranger, { user_did: world.person.did })
  assert.equal(await fault(world, named), 'credential_signature_wrong')
  const long = await jsonCredential(world, world.person, {
    expires_at: Math.floor(world.clock.now()) + 91 * 86_400,
  })
  assert.equal(await fault(world, long), 'credential_lifetime_too_long')
})

for (const text of ['', 'not a credential', 'a.b.c', 'x'.repeat(8193)])
  test(`[U6] "${text.slice(0, 20)}" is no credential`, async () => {
    assert.equal(await fault(await createNineStepWorld(), text), 'credential_malformed')
  })
