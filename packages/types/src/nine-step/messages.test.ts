import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { clientMessageSchema } from './messages.ts'

// The messages of the scenario, with what our answers to the open questions add.
const handshake_id = 'ath_hs_1'
const timestamp = 1_717_200_000
const signature = 'e30..c2lnbmF0dXJl'
const messages = {
  handshake_request: {
    type: 'handshake_request',
    client_did: 'did:ath:ai_office_assistant_001',
    client_pubkey: '-----BEGIN PUBLIC KEY-----...',
    versions: ['0.1'],
    capabilities: ['ES256', 'TLS1.3'],
    nonce: 'random_abc123-random_abc123',
    timestamp,
  },
  identity_proof: { type: 'identity_proof', handshake_id, signature, timestamp },
  scope_request: {
    type: 'scope_request',
    handshake_id,
    scopes: ['oa:read', 'crm:write'],
    ttl: 28_800,
    user_authorization: { credential: 'a.b.c', signature },
    context: 'query OA approvals and update CRM customers',
    timestamp,
  },
  handshake_complete: {
    type: 'handshake_complete',
    handshake_id,
    key_exchange_alg: 'ECDH-P256',
    key_exchange_params: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
    cipher_suite: 'AES-256-GCM',
    timestamp,
    signature,
  },
  token_refresh: {
    type: 'token_refresh',
    session_id: 'ath_ses_1',
    nonce: 'random_abc123-random_abc123',
    timestamp,
    signature,
  },
  session_end: {
    type: 'session_end',
    session_id: 'ath_ses_1',
    nonce: 'random_abc123-random_abc123',
    timestamp,
    signature,
  },
} as const

for (const [type, message] of Object.entries(messages)) {
  test(`[U3] [D11] ${type} is read with the names of the wire, and further members are kept`, () => {
    const read = clientMessageSchema.safeParse({ ...message, extension: { a: 1 } })
    assert.ok(read.success)
    assert.deepEqual(read.data, { ...message, extension: { a: 1 } })
  })
  for (const member of Object.keys(message))
    test(`[D11] ${type} without \`${member}\` is refused`, () => {
      const rest = Object.fromEntries(Object.entries(message).filter(([name]) => name !== member))
      assert.equal(clientMessageSchema.safeParse(rest).success, false)
    })
}

type Type = keyof typeof messages
const malformed: readonly (readonly [string, Type, Record<string, unknown>])[] = [
  ['[U2] a nonce of 126 bits', 'handshake_request', { nonce: 'a'.repeat(21) }],
  ['[U2] a nonce without end', 'handshake_request', { nonce: 'a'.repeat(87) }],
  [
    '[U1] [U2] a nonce with a dot',
    'handshake_request',
    { nonce: `${'a'.repeat(22)}.${'b'.repeat(22)}` },
  ],
  ['[U2] a nonce with padding', 'handshake_request', { nonce: `${'a'.repeat(22)}==` }],
  ['[U2] a nonce with a line break', 'handshake_request', { nonce: `${'a'.repeat(22)}\n` }],
  ['[U2] a nonce in numbers', 'handshake_request', { nonce: 1e30 }],
  [
    '[U1] [U2] a nonce with a dot for a fresh token',
    'token_refresh',
    { nonce: `${'a'.repeat(22)}.b` },
  ],
  ['[D5] a timestamp in words', 'handshake_request', { timestamp: String(timestamp) }],
  ['[D5] a timestamp with a fraction', 'identity_proof', { timestamp: timestamp + 0.5 }],
  ['[D5] a timestamp before 1970', 'identity_proof', { timestamp: -1 }],
  ['[D5] a timestamp in milliseconds of a far year', 'identity_proof', { timestamp: 1e13 }],
  ['[U11] no version', 'handshake_request', { versions: [] }],
  ['[U11] 17 versions', 'handshake_request', { versions: Array.from({ length: 17 }, () => '0.1') }],
  [
    '[U11] 33 capabilities',
    'handshake_request',
    { capabilities: Array.from({ length: 33 }, () => 'x') },
  ],
  ['a key of more than 2 KB', 'handshake_request', { client_pubkey: 'x'.repeat(2049) }],
  ['a DID of more than 512 characters', 'handshake_request', { client_did: 'x'.repeat(513) }],
  [
    'nine credentials beside a proof',
    'identity_proof',
    { credentials: Array.from({ length: 9 }, () => ({ type: 'x' })) },
  ],
  ['[D12] no scope', 'scope_request', { scopes: [] }],
  [
    '[D12] 101 scopes',
    'scope_request',
    { scopes: Array.from({ length: 101 }, (_, at) => `s${at}`) },
  ],
  ['[D12] a scope with a blank', 'scope_request', { scopes: ['oa:read crm:write'] }],
  ['[D7] a session of more than a day', 'scope_request', { ttl: 86_401 }],
  ['[D7] a session of no time', 'scope_request', { ttl: 0 }],
  ['[D7] a session of negative time', 'scope_request', { ttl: -28_800 }],
  [
    '[U6] a credential of more than 8 KB',
    'scope_request',
    { user_authorization: { credential: 'x'.repeat(8193), signature } },
  ],
  [
    '[U6] a credential that the client did not sign',
    'scope_request',
    { user_authorization: { credential: 'a.b.c' } },
  ],
  ['[U7] words with a direction character', 'scope_request', { context: 'pay \u202e evil' }],
  ['[U7] words of more than 2000 characters', 'scope_request', { context: 'x'.repeat(2001) }],
  ['[U8] a share in numbers', 'handshake_complete', { key_exchange_params: 7 }],
  ['[U3] an id of more than 128 characters', 'identity_proof', { handshake_id: 'x'.repeat(129) }],
  ['[U3] a type of the server', 'identity_proof', { type: 'identity_result' }],
  ['[U3] no such type', 'identity_proof', { type: '__proto__' }],
]
for (const [name, type, changes] of malformed)
  test(`${name} is refused`, () => {
    assert.equal(clientMessageSchema.safeParse({ ...messages[type], ...changes }).success, false)
  })

test('[U3] no JSON makes the reader throw', () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.constantFrom(...Object.keys(messages)),
      (value, members, type) => {
        assert.doesNotThrow(() => clientMessageSchema.safeParse(value))
        assert.doesNotThrow(() => clientMessageSchema.safeParse({ ...members, type }))
      },
    ),
    { numRuns: 300 },
  )
})
