import assert from 'node:assert/strict'
import test from 'node:test'
import { createDidKey, testEpoch as now } from '@sallyport/testing'
import { signJws } from '../jws/jws.ts'
import { accessTokenTyp } from './access-token.ts'
import {
  checkAccessToken,
  checkAnswer,
  checkNegotiated,
  checkScopeResult,
  checkServerIdentity,
  type ExpectedServer,
} from './check-answer.ts'
import { didKeyOf } from './did.ts'

const server = await createDidKey()
const thief = await createDidKey()
const label = 'did:ath:enterprise_gateway_001'
const jwk = server.publicKey.jwk
const didKey = await didKeyOf(server.publicKey)

const identities: readonly (readonly [string, string, string, ExpectedServer, string])[] = [
  ['its own DID', server.did, server.pem, {}, 'taken'],
  ['its did:key', didKey, server.pem, {}, 'taken'],
  ['a DID that discovery names, with its key', label, server.pem, { did: label, jwk }, 'taken'],
  ['the DID that was pinned', server.did, server.pem, { pinnedDid: server.did }, 'taken'],
  ['a label that nobody vouches for', label, server.pem, {}, 'server_did_unproven'],
  [
    'a label that discovery names without a key',
    label,
    server.pem,
    { did: label },
    'server_did_unproven',
  ],
  ['a label with a key of discovery alone', label, server.pem, { jwk }, 'server_did_unproven'],
  ['a pinned label without a key', label, server.pem, { pinnedDid: label }, 'server_did_unproven'],
  ['the DID of another key', thief.did, server.pem, {}, 'server_key_differs'],
  ['its DID with another key', server.did, thief.pem, {}, 'server_key_differs'],
  ['the did:key of another', didKey, thief.pem, {}, 'server_key_differs'],
  [
    'a key that discovery does not name',
    label,
    thief.pem,
    { did: label, jwk },
    'server_key_differs',
  ],
  [
    'a DID that discovery does not name',
    thief.did,
    thief.pem,
    { did: server.did },
    'server_did_differs',
  ],
  [
    'a DID that was not pinned',
    thief.did,
    thief.pem,
    { pinnedDid: server.did },
    'server_did_differs',
  ],
  [
    'a DID of discovery against the pin',
    thief.did,
    thief.pem,
    { did: thief.did, jwk: thief.publicKey.jwk, pinnedDid: server.did },
    'server_did_differs',
  ],
  [
    'a key of discovery that is none',
    label,
    server.pem,
    { did: label, jwk: { kty: 'EC' } },
    'server_key_differs',
  ],
  ['no key', server.did, '', {}, 'server_key_malformed'],
]
for (const [name, server_did, server_pubkey, expected, result] of identities)
  test(`[D8] [U4] a server with ${name}: ${result}`, async () => {
    const checked = await checkServerIdentity({ server_did, server_pubkey }, expected)
    assert.equal(checked.ok ? 'taken' : checked.error, result)
  })

const offered = ['ES256', 'TLS1.3', 'ATH-HS-JWS']
const negotiations: readonly (readonly [
  string,
  string,
  readonly string[],
  readonly string[],
  string,
])[] = [
  ['what was offered', '0.1', offered, offered, 'taken'],
  ['less of what is only information', '0.1', ['ES256', 'ATH-HS-JWS'], offered, 'taken'],
  ['another version', '0.2', offered, offered, 'version_not_offered'],
  [
    'a capability that was not offered',
    '0.1',
    [...offered, 'ATH-ENC'],
    offered,
    'capability_not_offered',
  ],
  ['bare nonces', '0.1', ['ES256', 'TLS1.3'], offered, 'capability_missing'],
  ['no algorithm', '0.1', ['ATH-HS-JWS'], offered, 'capability_missing'],
  [
    'requests in clear where encryption was offered',
    '0.1',
    offered,
    [...offered, 'ATH-ENC'],
    'encryption_not_agreed',
  ],
  ['encryption', '0.1', [...offered, 'ATH-ENC'], [...offered, 'ATH-ENC'], 'taken'],
]
for (const [name, version, capabilities, offer, result] of negotiations)
  test(`[D8] [U11] a server that agrees to ${name}: ${result}`, () => {
    const checked = checkNegotiated({ version, capabilities: [...capabilities] }, offer, 'ES256')
    assert.equal(checked.ok ? 'taken' : checked.error, result)
  })

test('[D8] [U2] an answer is of this handshake, of now, and not older than the one before', () => {
  const expected = { handshakeId: 'ath_hs_1', now, previous: now - 5 }
  const check = (handshake_id: string, timestamp: number) => {
    const checked = checkAnswer({ handshake_id, timestamp }, expected)
    return checked.ok ? 'taken' : checked.error
  }
  assert.equal(check('ath_hs_1', now), 'taken')
  assert.equal(check('ath_hs_2', now), 'handshake_id_differs')
  assert.equal(check('ath_hs_1', now - 6), 'timestamp_decreasing')
  assert.equal(check('ath_hs_1', now + 301), 'timestamp_outside_window')
})

const requested = { scopes: ['oa:read', 'crm:write'], ttl: 28_800 }
for (const [name, scopes_granted, ttl_granted, result] of [
  ['all', ['oa:read', 'crm:write'], 28_800, 'taken'],
  ['less', ['oa:read'], 60, 'taken'],
  ['nothing', [], 0, 'taken'],
  ['what was not requested', ['oa:read', 'finance:read'], 60, 'scope_not_requested'],
  ['more time', ['oa:read'], 28_801, 'lifetime_not_requested'],
  ['a scope for no time', ['oa:read'], 0, 'lifetime_not_requested'],
  ['negative time', [], -1, 'lifetime_not_requested'],
] as const)
  test(`[D9] a server that grants ${name}: ${result}`, () => {
    const checked = checkScopeResult(requested, {
      scopes_granted: [...scopes_granted],
      ttl_granted,
    })
    assert.equal(checked.ok ? 'taken' : checked.error, result)
  })

const claims = {
  iss: 'https://gateway.example',
  aud: 'https://gateway.example',
  sub: 'usr_1',
  client_id: 'ath_1',
  ath_agent_id: 'did:ath:a',
  ath_provider: ['oa'],
  scope: 'oa:read',
  iat: now,
  exp: now + 3600,
  jti: '0123456789abcdef',
  sid: 'ath_ses_1',
  cnf: { jkt: thief.publicKey.thumbprint },
}
const tokens: readonly (readonly [string, Record<string, unknown>, string])[] = [
  ['as agreed', {}, 'taken'],
  [
    'of another gateway',
    { iss: 'https://evil.example', aud: 'https://evil.example' },
    'token_not_ours',
  ],
  ['for another key', { cnf: { jkt: server.publicKey.thumbprint } }, 'token_key_differs'],
  ['of another session', { sid: 'ath_ses_2' }, 'token_session_differs'],
  ['with more than was granted', { scope: 'oa:read oa:write' }, 'token_scope_not_granted'],
  ['that lives longer than it says', { exp: now + 3601 }, 'token_lifetime_wrong'],
  ['of yesterday', { iat: now - 86_400, exp: now - 82_800 }, 'token_lifetime_wrong'],
  ['without claims', { sid: undefined }, 'token_malformed'],
]
const expectedToken = {
  issuer: claims.iss,
  tokenKey: server.publicKey,
  sessionId: claims.sid,
  thumbprint: claims.cnf.jkt,
  scopes: ['oa:read'],
  expiresIn: 3600,
  now,
}
for (const [name, changes, result] of tokens)
  test(`[D9] [D17] an access token ${name}: ${result}`, async () => {
    const jwt = await signJws(server.signer, accessTokenTyp, { ...claims, ...changes })
    const checked = await checkAccessToken(jwt, expectedToken)
    assert.equal(checked.ok ? 'taken' : checked.error, result)
  })

test('[D9] [D17] an access token by another key, or for more than an hour, is refused', async () => {
  const forged = await signJws(thief.signer, accessTokenTyp, claims)
  assert.deepEqual(await checkAccessToken(forged, expectedToken), {
    ok: false,
    error: 'token_signature_wrong',
  })
  const long = await signJws(server.signer, accessTokenTyp, { ...claims, exp: now + 7200 })
  assert.deepEqual(await checkAccessToken(long, { ...expectedToken, expiresIn: 7200 }), {
    ok: false,
    error: 'token_lifetime_wrong',
  })
})
