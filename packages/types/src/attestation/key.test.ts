import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import test from 'node:test'
import { createTestAgent, createTestKey, testEpoch as now } from '@sallyport/testing'
import type { IdentityDocument } from '../schema/identity-document.ts'
import type { AttestationFault } from './fault.ts'
import { importAgentKey } from './key.ts'
import { parseAttestation } from './parse.ts'
import { verifySignature } from './verify-signature.ts'

const agent = await createTestAgent()
const other = await createTestKey('other')
const jwt = await agent.attest({ audience: 'https://gateway.example.com', now })
const { publicJwk, privateJwk, publicPem, privatePem } = agent.key
const bare = { kty: 'EC', crv: 'P-256', x: publicJwk['x'], y: publicJwk['y'] }

/** Whether the attestation verifies with what the document publishes. */
async function outcome(changes: object, kid?: string): Promise<string> {
  const document = { ...agent.document(), ...changes } as IdentityDocument
  const parsed = parseAttestation(jwt)
  assert.ok(parsed.ok)
  const key = await importAgentKey(document, kid ?? parsed.value.kid)
  if (!key.ok) return key.error.kind
  const verified = await verifySignature(parsed.value, key.value)
  return verified.ok ? 'ok' : verified.error.kind
}

const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ed25519 = generateKeyPairSync('ed25519')
const spki = (pair: {
  publicKey: { export(options: { type: 'spki'; format: 'pem' }): string | Buffer }
}) => pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
const sec1 = publicPem.replace(/PUBLIC/g, 'EC PUBLIC')

type Case = readonly [string, object, AttestationFault['kind'] | 'ok', string?]

const cases: readonly Case[] = [
  ['[R19] [C3] a JWK is taken', { public_key: publicJwk }, 'ok'],
  ['[C3] a JWK without kid, alg and use is taken', { public_key: bare }, 'ok'],
  ['[C3] a JWK as text is taken', { public_key: ` ${JSON.stringify(bare)}\n` }, 'ok'],
  ['[R19] [C3] a PEM is taken', { public_key: publicPem }, 'ok'],
  [
    '[C3] a PEM with CRLF and blanks around is taken',
    { public_key: `\r\n${publicPem.replaceAll('\n', '\r\n')} ` },
    'ok',
  ],
  ['[C3] a PEM on one line is taken', { public_key: publicPem.replaceAll('\n', '') }, 'ok'],
  [
    '[C3] a single key is taken whatever kid says',
    { public_key: publicJwk },
    'ok',
    'some-other-kid',
  ],
  ['[C3] an empty list of keys is no list', { public_keys: [] }, 'ok', 'some-other-kid'],
  ['[C3] of several keys kid names one', { public_keys: [other.publicJwk, publicJwk] }, 'ok'],
  [
    '[C3] of several keys none has this kid',
    { public_keys: [other.publicJwk, publicJwk] },
    'key_not_found',
    'third',
  ],
  [
    '[C3] with several keys the single one is not asked',
    { public_keys: [other.publicJwk] },
    'key_not_found',
  ],
  [
    '[R29] the key of another agent does not verify',
    { public_key: other.publicJwk },
    'signature_wrong',
  ],
  [
    '[R29] another key under the right kid does not verify',
    { public_keys: [{ ...other.publicJwk, kid: 'default' }] },
    'signature_wrong',
  ],
  ['a JWK that shows the private key is refused', { public_key: privateJwk }, 'key_is_private'],
  [
    'a JWK as text that shows the private key is refused',
    { public_key: JSON.stringify(privateJwk) },
    'key_is_private',
  ],
  [
    'a listed JWK that shows the private key is refused',
    { public_keys: [privateJwk] },
    'key_is_private',
  ],
  ['a private PEM is refused', { public_key: privatePem }, 'key_is_private'],
  [
    'a private PEM behind the public one is refused',
    { public_key: publicPem + privatePem },
    'key_is_private',
  ],
  [
    'a P-384 key is refused',
    { public_key: p384.publicKey.export({ format: 'jwk' }) },
    'key_not_p256',
  ],
  ['a P-384 key in PEM is refused', { public_key: spki(p384) }, 'key_not_p256'],
  [
    'a P-384 key that says P-256 is refused',
    { public_key: { ...p384.publicKey.export({ format: 'jwk' }), crv: 'P-256' } },
    'key_not_p256',
  ],
  [
    'an RSA key is refused',
    { public_key: rsa.publicKey.export({ format: 'jwk' }) },
    'key_not_p256',
  ],
  ['an RSA key in PEM is refused', { public_key: spki(rsa) }, 'key_not_p256'],
  [
    'an Ed25519 key is refused',
    { public_key: ed25519.publicKey.export({ format: 'jwk' }) },
    'key_not_p256',
  ],
  ['a symmetric key is refused', { public_key: { kty: 'oct', k: 'c2VjcmV0' } }, 'key_not_p256'],
  [
    'a point that is not on the curve is refused',
    { public_key: { ...bare, y: bare.x } },
    'key_not_p256',
  ],
  [
    'a point without y is refused',
    { public_key: { kty: 'EC', crv: 'P-256', x: bare.x } },
    'key_not_p256',
  ],
  ['coordinates that are no texts are refused', { public_key: { ...bare, x: 1 } }, 'key_not_p256'],
  ['an empty object is refused', { public_key: {} }, 'key_not_p256'],
  ['text that is no key is refused', { public_key: 'not a key' }, 'document_invalid'],
  ['broken JSON is refused', { public_key: '{"kty":' }, 'document_invalid'],
  ['a PEM of another kind is refused', { public_key: sec1 }, 'document_invalid'],
  [
    'a PEM with an empty body is refused',
    { public_key: '-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----' },
    'key_not_p256',
  ],
  [
    'a PEM that is no SPKI is refused',
    { public_key: '-----BEGIN PUBLIC KEY-----\nQUJD\n-----END PUBLIC KEY-----' },
    'key_not_p256',
  ],
]
for (const [name, changes, expected, kid] of cases)
  test(name, async () => {
    assert.equal(await outcome(changes, kid), expected)
  })
