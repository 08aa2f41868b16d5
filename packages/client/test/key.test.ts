import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import {
  AthError,
  createAgentKey,
  createIdentityDocument,
  readAgentKey,
} from '@ath-protocol/client'
import { createTestKey } from '@sallyport/testing'
import { calculateJwkThumbprint } from 'jose'

const isKeyInvalid = (error: unknown) => error instanceof AthError && error.code === 'KEY_INVALID'

test('a new key can be read back, is named by its thumbprint, and cannot be exported once read', async () => {
  const made = await createAgentKey()
  const read = await readAgentKey(made.privateKeyPem)
  assert.deepEqual(read.publicJwk, made.publicJwk)
  assert.equal(read.privateKey.extractable, false)
  assert.equal(read.keyId, await calculateJwkThumbprint({ ...made.publicJwk }))
  assert.equal(createPrivateKey(made.privateKeyPem).asymmetricKeyDetails?.namedCurve, 'prime256v1')
  assert.equal((await readAgentKey(made.privateKeyPem, 'mine')).publicJwk.kid, 'mine')
})

test('a JWK is read with its own kid, and only the public half comes out', async () => {
  const key = await createTestKey('k1')
  const read = await readAgentKey(JSON.stringify(key.privateJwk))
  assert.equal(read.keyId, 'k1')
  assert.deepEqual({ ...read.publicJwk }, { ...key.publicJwk })
})

test('keys of another kind are refused, without any of their text in the error', async () => {
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const sec1 = p256.privateKey.export({ format: 'pem', type: 'sec1' })
  const { d: _secret, ...publicOnly } = (await createTestKey()).privateJwk
  for (const text of [
    p384.export({ format: 'pem', type: 'pkcs8' }).toString(),
    rsa.export({ format: 'pem', type: 'pkcs8' }).toString(),
    p256.publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    JSON.stringify(publicOnly),
    'not a key secret-text',
    '{',
    '',
  ]) {
    const error = await readAgentKey(text).catch((e: unknown) => e)
    assert.ok(isKeyInvalid(error))
    assert.equal(JSON.stringify(error).includes('secret-text'), false)
  }
  const error = await readAgentKey(sec1.toString()).catch((e: AthError) => e)
  assert.ok(error instanceof AthError && /openssl pkcs8/.test(error.fix))
})

test('[R17] [R19] the identity document holds what must be published, and nothing private', async () => {
  const { publicJwk } = await createAgentKey()
  const agentId = 'https://agent.example/.well-known/agent.json'
  const developer = { name: 'Example', id: 'example' }
  const document = createIdentityDocument({ agentId, name: 'Office', developer, publicJwk })
  assert.deepEqual(document, {
    ath_version: '0.1',
    agent_id: agentId,
    name: 'Office',
    developer,
    public_key: publicJwk,
  })
  assert.equal('d' in (document.public_key as object), false)
  for (const bad of ['https://agent.example/', 'http://agent.example/.well-known/agent.json'])
    assert.throws(() =>
      createIdentityDocument({ agentId: bad, name: 'Office', developer, publicJwk }),
    )
  assert.throws(() => createIdentityDocument({ agentId, name: '', developer, publicJwk }))
})
