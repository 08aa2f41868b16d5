import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDidKey } from '@sallyport/testing'
import {
  type AnswerFault,
  checkAnswer,
  checkNegotiated,
  checkScopeResult,
  checkServerIdentity,
  didKeyOf,
  type ExpectedServer,
} from '../index.ts'

const [server, other] = await Promise.all([createDidKey(), createDidKey()])
const { jwk } = server.publicKey
const label = 'did:ath:enterprise_gateway_001'
const web = 'did:web:gw.example.com'

const faultOf = (result: { readonly ok: boolean; readonly error?: AnswerFault }) =>
  result.ok ? 'ok' : result.error

const identities: readonly (readonly [string, string, ExpectedServer, AnswerFault | 'ok'])[] = [
  ['a DID that is its key', server.did, {}, 'ok'],
  ['a did:key', await didKeyOf(server.publicKey), {}, 'ok'],
  ['a did:key of another key', await didKeyOf(other.publicKey), {}, 'server_key_differs'],
  ['a DID of another key', other.did, {}, 'server_key_differs'],
  [
    'a DID of another key that discovery names',
    other.did,
    { did: other.did, jwk },
    'server_key_differs',
  ],
  ['a label alone', label, {}, 'server_did_unproven'],
  ['a label that is pinned alone', label, { pinnedDid: label }, 'server_did_unproven'],
  ['a label with its key in discovery', label, { did: label, jwk }, 'ok'],
  [
    'a label with another key in discovery',
    label,
    { did: label, jwk: other.publicKey.jwk },
    'server_key_differs',
  ],
  ['a label with a key that is none', label, { did: label, jwk: {} }, 'server_key_differs'],
  ['another label than discovery names', label, { did: `${label}2`, jwk }, 'server_did_differs'],
  [
    'another label than the pinned one',
    label,
    { did: label, jwk, pinnedDid: server.did },
    'server_did_differs',
  ],
  ['a did:web alone', web, {}, 'server_did_unproven'],
  ['a did:web with its key in discovery', web, { did: web, jwk }, 'ok'],
  ['words', 'gateway', {}, 'server_did_unproven'],
]
for (const [what, did, expected, fault] of identities)
  test(`[D8] [U4] the identity of a server with ${what} is ${fault}`, async () => {
    const message = { server_did: did, server_pubkey: server.pem }
    assert.equal(faultOf(await checkServerIdentity(message, expected)), fault)
  })

test('[D8] a key of a server that is no key is refused', async () => {
  const message = { server_did: server.did, server_pubkey: 'no key' }
  assert.equal(faultOf(await checkServerIdentity(message, {})), 'server_key_malformed')
})

test('[D8] [U11] a server chooses among what was offered and keeps what a client needs', () => {
  const offered = ['EdDSA', 'TLS1.3', 'ATH-HS-JWS']
  const of = (capabilities: string[], version = '0.1', from = offered) =>
    faultOf(checkNegotiated({ version, capabilities }, from, 'EdDSA'))
  assert.equal(of(['EdDSA', 'ATH-HS-JWS']), 'ok')
  assert.equal(of(['EdDSA', 'ATH-HS-JWS'], '0.0'), 'version_not_offered')
  assert.equal(of(['EdDSA', 'ES256', 'ATH-HS-JWS']), 'capability_not_offered')
  assert.equal(of(['ATH-HS-JWS']), 'capability_missing')
  assert.equal(of(['EdDSA']), 'capability_missing')
  const wanted = [...offered, 'ATH-ENC']
  assert.equal(of(['EdDSA', 'ATH-HS-JWS'], '0.1', wanted), 'encryption_not_agreed')
  assert.equal(of(['EdDSA', 'ATH-HS-JWS', 'ATH-ENC'], '0.1', wanted), 'ok')
})

test('[D5] [U2] [U3] an answer belongs to its handshake, to now, and after the one before it', () => {
  const of = (handshake_id: string, timestamp: number) =>
    faultOf(
      checkAnswer({ handshake_id, timestamp }, { handshakeId: 'hs', now: 1000, previous: 900 }),
    )
  assert.equal(of('hs', 1000), 'ok')
  assert.equal(of('hs', 900), 'ok')
  assert.equal(of('hs', 899), 'timestamp_decreasing')
  assert.equal(of('hs', 1301), 'timestamp_outside_window')
  assert.equal(of('other', 1000), 'handshake_id_differs')
})

test('[D9] [D16] a result gives at most what was requested', () => {
  const of = (scopes_granted: string[], ttl_granted: number) =>
    faultOf(checkScopeResult({ scopes: ['a', 'b'], ttl: 60 }, { scopes_granted, ttl_granted }))
  assert.equal(of(['a'], 60), 'ok')
  assert.equal(of(['b', 'a'], 1), 'ok')
  assert.equal(of([], 0), 'ok')
  assert.equal(of(['a', 'c'], 60), 'scope_not_requested')
  assert.equal(of(['a'], 61), 'lifetime_not_requested')
  assert.equal(of(['a'], 0), 'lifetime_not_requested')
  assert.equal(of([], -1), 'lifetime_not_requested')
})
