import assert from 'node:assert/strict'
import test from 'node:test'
import { createDidKey, testEpoch as now } from '@sallyport/testing'
import { signJws } from '../jws/jws.ts'
import {
  createHandshakeProof,
  createUserProof,
  parseUserProof,
  proofWindowSeconds,
  type UserProof,
  verifyHandshakeProof,
} from './proof.ts'

const client = await createDidKey('ES256')
const thief = await createDidKey('ES256')
const handshakeId = 'ath_hs_1'
const expected = { handshakeId, now }

async function faultOf(text: string | undefined, key = client.publicKey) {
  const verified = await verifyHandshakeProof(text, expected, key)
  return verified.ok ? undefined : `${verified.error.kind} ${verified.error.evidence ?? ''}`.trim()
}

test('[U3] who holds the key of a handshake may ask how it stands', async () => {
  assert.equal(
    await faultOf(await createHandshakeProof(client.signer, handshakeId, now + 0.9)),
    undefined,
  )
})

const sign = (claims: object, typ = 'ath-hs-proof+jwt') => signJws(client.signer, typ, claims)
const handshakeFaults: readonly (readonly [string, () => Promise<string | undefined>, string])[] = [
  ['no proof', async () => undefined, 'proof_missing'],
  ['nothing', async () => '', 'proof_invalid not_a_jws'],
  ['text', async () => 'proof', 'proof_invalid not_a_jws'],
  [
    'more than 2 KB',
    () => sign({ hid: handshakeId, iat: now, more: 'x'.repeat(2000) }),
    'proof_invalid not_a_jws',
  ],
  [
    'a proof by another key',
    () => createHandshakeProof(thief.signer, handshakeId, now),
    'proof_invalid signature_wrong',
  ],
  [
    'a proof for another handshake',
    () => createHandshakeProof(client.signer, 'ath_hs_2', now),
    'proof_invalid hid',
  ],
  [
    'an old proof',
    () => createHandshakeProof(client.signer, handshakeId, now - proofWindowSeconds - 1),
    'proof_invalid iat',
  ],
  [
    'a proof of the future',
    () => createHandshakeProof(client.signer, handshakeId, now + proofWindowSeconds + 1),
    'proof_invalid iat',
  ],
  ['a proof without a time', () => sign({ hid: handshakeId }), 'proof_invalid claims'],
  ['a proof without a handshake', () => sign({ iat: now }), 'proof_invalid claims'],
  ['a list of claims', () => sign([handshakeId, now]), 'proof_invalid claims'],
  [
    'a signature made for step 3',
    () => sign({ hid: handshakeId, iat: now }, 'ath-hs+jws'),
    'proof_invalid typ_differs',
  ],
]
for (const [name, make, fault] of handshakeFaults)
  test(`[U3] ${name} does not open a handshake's state`, async () => {
    assert.equal(await faultOf(await make()), fault)
  })

const claims: UserProof = {
  iss: client.did,
  aud: 'did:ath:gateway',
  htm: 'POST',
  htu: '/ath/confirm/cns_1',
  iat: now,
  jti: '0123456789abcdef',
}
const request = {
  audiences: ['did:ath:gateway', 'https://gateway.example'],
  method: 'POST',
  target: '/ath/confirm/cns_1',
  now,
}

test('[U7] a person’s program shows whose key it holds, for one request', async () => {
  const proof = parseUserProof(await createUserProof(client.signer, claims), request)
  assert.ok(proof.ok)
  assert.equal(proof.value.claims.iss, client.did)
  assert.ok((await proof.value.verify(client.publicKey)).ok)
  assert.deepEqual(await proof.value.verify(thief.publicKey), {
    ok: false,
    error: { kind: 'proof_invalid', evidence: 'signature_wrong' },
  })
})

const userFaults: readonly (readonly [string, Record<string, unknown>, string])[] = [
  ['for another server', { aud: 'did:ath:other' }, 'aud'],
  ['for another method', { htm: 'GET' }, 'htu'],
  ['for another question', { htu: '/ath/confirm/cns_2' }, 'htu'],
  ['for another query', { htu: '/ath/confirm/cns_1?all=1' }, 'htu'],
  ['that is old', { iat: now - 61 }, 'iat'],
  ['of the future', { iat: now + 61 }, 'iat'],
  ['without a name of its own', { jti: undefined }, 'claims'],
  ['with a name that can be guessed', { jti: '1' }, 'claims'],
  ['by nobody', { iss: '' }, 'claims'],
]
for (const [name, changes, evidence] of userFaults)
  test(`[U7] a user's proof ${name} is refused`, async () => {
    const text = await signJws(client.signer, 'ath-user-proof+jwt', { ...claims, ...changes })
    assert.deepEqual(parseUserProof(text, request), {
      ok: false,
      error: { kind: 'proof_invalid', evidence },
    })
  })

test('[U1] a proof made for polling is none for a person, though its claims fit', async () => {
  const text = await signJws(client.signer, 'ath-hs-proof+jwt', { ...claims, hid: handshakeId })
  const proof = parseUserProof(text, request)
  assert.ok(proof.ok)
  assert.deepEqual(await proof.value.verify(client.publicKey), {
    ok: false,
    error: { kind: 'proof_invalid', evidence: 'typ_differs' },
  })
})
