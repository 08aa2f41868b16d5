import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Signer } from '@ath-protocol/server/parts'
import { answerPublishedKeys } from './published-keys.ts'

const jwk = {
  kty: 'EC',
  crv: 'P-256',
  x: 'eA',
  y: 'eQ',
  kid: 'k1',
  alg: 'ES256',
  use: 'sig',
} as const
const signer: Signer = { kid: 'k1', publicJwk: () => jwk, sign: async () => new Uint8Array(64) }
const answer = (method: string, path: string) => answerPublishedKeys({ method, path }, [signer])

test('the public keys are a JWK Set that anybody may keep for five minutes', () => {
  const { status, headers, body } = answer('GET', '/.well-known/jwks.json') ?? {}
  assert.equal(status, 200)
  assert.equal(headers?.['cache-control'], 'public, max-age=300')
  assert.deepEqual(JSON.parse(body ?? ''), { keys: [jwk] })
})

test('only reading is answered, and only there', () => {
  assert.equal(answer('POST', '/.well-known/jwks.json'), undefined)
  assert.equal(answer('GET', '/.well-known/ath.json'), undefined)
})
