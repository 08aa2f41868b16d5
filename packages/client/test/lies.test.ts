import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { exportPem } from '@ath-protocol/types'
import { createDidKey, type DidKey } from '@sallyport/testing'
import { AthError, type AtGateway } from '@ath-protocol/client'
import { handshake, type HandshakeWish } from '@ath-protocol/client/nine-step'
import { createLyingServer, type Lies } from './lying-server.ts'

const [agent, impostor] = await Promise.all([createDidKey(), createDidKey()])
const impostorPem = await exportPem(impostor.publicKey.key)

async function setUp(t: TestContext, lies: Lies, changes: Partial<HandshakeWish & AtGateway> = {}) {
  const server = await createLyingServer(agent, lies)
  t.after(() => server.close())
  const options: HandshakeWish & AtGateway = {
    gateway: server.url,
    key: keyOf(agent),
    scopes: ['oa:read', 'oa:write'],
    ttl: 3600,
    context: 'query approvals',
    credential: 'a.credential.of-the-user',
    ...changes,
  }
  return { server, options }
}

const keyOf = ({ privateKey, publicKey }: DidKey) => ({ privateKey, publicKey: publicKey.key })

const refused = (reason: string) => (error: unknown) => {
  assert.ok(error instanceof AthError, String(error))
  assert.equal(error.code, 'ANSWER_REFUSED', error.message)
  assert.equal(error.details['reason'], reason)
  return true
}

test('[D8] [U8] without a lie the strict server and the client agree, on the keys too', async (t) => {
  const { server, options } = await setUp(t, {}, { encrypted: true })
  const session = await handshake(options)
  assert.deepEqual(server.faults, [])
  assert.equal(server.polls, 1)
  assert.ok(server.keys)
  assert.deepEqual(session.stored().keys, server.keys)
  await session.refresh()
  assert.deepEqual(server.faults, [])
})

const set = (changes: Record<string, unknown>) => (message: Record<string, unknown>) => ({
  ...message,
  ...changes,
})
const without =
  (...names: string[]) =>
  (message: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(message).filter(([name]) => !names.includes(name)))

const now = () => Math.floor(Date.now() / 1000)

/** Each server lies in one point; everything it says is signed as its key signs. */
const lies: Readonly<Record<string, readonly [Lies, string, Partial<HandshakeWish & AtGateway>?]>> =
  {
    '[D8] [U4] another DID than discovery names': [
      {
        greeting: set({ server_did: impostor.did, server_pubkey: impostorPem }),
        handshakeSigner: impostor,
      },
      'server_did_differs',
    ],
    '[D8] [U4] another key than discovery names': [
      { greeting: set({ server_pubkey: impostorPem }), handshakeSigner: impostor },
      'server_key_differs',
    ],
    '[D8] [U4] a DID that is not its key’s, where discovery says nothing': [
      {
        discovery: without('server_did', 'server_jwk'),
        greeting: set({ server_pubkey: impostorPem }),
        handshakeSigner: impostor,
      },
      'server_key_differs',
    ],
    '[D8] [U4] a label for which nobody vouches': [
      {
        discovery: without('server_did', 'server_jwk'),
        greeting: set({ server_did: 'did:ath:enterprise_gateway_001' }),
      },
      'server_did_unproven',
    ],
    '[D8] [U4] a label that discovery names without a key': [
      {
        discovery: (document) => ({
          ...without('server_jwk')(document),
          server_did: 'did:ath:enterprise_gateway_001',
        }),
        greeting: set({ server_did: 'did:ath:enterprise_gateway_001' }),
      },
      'server_did_unproven',
    ],
    '[D8] [U4] another server than the pinned one': [
      {},
      'server_did_differs',
      { serverDid: impostor.did },
    ],
    '[D8] a key that is none': [
      { greeting: set({ server_pubkey: 'MFkw' }) },
      'server_key_malformed',
    ],
    '[D8] [U1] a signature of another key': [
      { handshakeSigner: impostor },
      'server_signature_wrong',
    ],
    '[D8] [U1] a greeting changed after it was signed': [
      { greetingSigned: set({ nonce: 'YW5vdGhlciBub25jZSBoZXJlIQ' }) },
      'server_signature_wrong',
    ],
    '[U1] a member that nobody signed': [
      { greetingSigned: set({ more: true }) },
      'server_signature_wrong',
    ],
    '[D8] [U11] a version that was not offered': [
      { greeting: set({ version: '0.2' }) },
      'version_not_offered',
    ],
    '[D8] [U11] a capability that was not offered': [
      { greeting: set({ capabilities: ['ES256', 'ATH-HS-JWS', 'ATH-ENC'] }) },
      'capability_not_offered',
    ],
    '[U1] [U11] no transcript signatures': [
      { greeting: set({ capabilities: ['ES256'] }) },
      'capability_missing',
    ],
    '[U11] no algorithm of ours': [
      { greeting: set({ capabilities: ['ATH-HS-JWS'] }) },
      'capability_missing',
    ],
    '[U10] [U11] no encryption where it was asked for': [
      { greeting: set({ capabilities: ['ES256', 'ATH-HS-JWS'] }) },
      'encryption_not_agreed',
      { encrypted: true },
    ],
    '[D5] a greeting from long ago': [
      { greeting: set({ timestamp: now() - 400 }) },
      'timestamp_outside_window',
    ],
    '[D5] [U2] a step older than the one before': [
      { identity: set({ timestamp: now() - 100 }) },
      'timestamp_decreasing',
    ],
    '[U3] another handshake’s id in step 4': [
      { identity: set({ handshake_id: 'ath_hs_other' }) },
      'handshake_id_differs',
    ],
    '[D9] a refusal with status 200': [
      { identity: set({ success: false, error: 'no' }) },
      'identity_not_accepted',
    ],
    '[U3] another handshake’s id while the person is asked': [
      { pending: set({ handshake_id: 'ath_hs_other' }) },
      'handshake_id_differs',
    ],
    '[U3] another handshake’s id in step 8': [
      { result: set({ handshake_id: 'ath_hs_other' }) },
      'handshake_id_differs',
    ],
    '[D9] [D16] a scope that was not requested': [
      { result: set({ scopes_granted: ['oa:read', 'oa:delete'] }) },
      'scope_not_requested',
    ],
    '[D9] more time than was requested': [
      { result: set({ ttl_granted: 3601 }) },
      'lifetime_not_requested',
    ],
    '[D9] scopes for no time': [{ result: set({ ttl_granted: 0 }) }, 'lifetime_not_requested'],
    '[U8] a last message signed by another key': [
      // The greeting is signed by the right one, so that only the end is wrong.
      { completionSigned: set({ signature: 'e30..e30' }) },
      'server_signature_wrong',
    ],
    '[U8] a session changed after it was signed': [
      { completionSigned: set({ session_id: 'ath_ses_2' }) },
      'server_signature_wrong',
    ],
    '[U3] another handshake’s id in step 9': [
      { completion: set({ handshake_id: 'ath_hs_other' }) },
      'handshake_id_differs',
    ],
    '[U8] another key agreement': [
      { completion: set({ key_exchange_alg: 'ECDH-P384' }) },
      'key_exchange_differs',
    ],
    '[U8] another cipher': [{ completion: set({ cipher_suite: 'NULL' }) }, 'key_exchange_differs'],
    '[U8] a point that is not on the curve': [
      {
        completion: set({
          key_exchange_params: { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) },
        }),
      },
      'key_share_malformed',
    ],
    '[D17] a token that is none': [
      { completionSigned: set({ access_token: 'ath_tk_x' }) },
      'token_malformed',
    ],
    '[D17] [U9] a token signed by another key': [
      { tokenSigner: impostor },
      'token_signature_wrong',
    ],
    '[U9] a token whose key is not published': [
      { keySet: set({ keys: [] }) },
      'token_signature_wrong',
    ],
    '[U9] a key set without keys': [{ keySet: () => ({}) }, 'token_signature_wrong'],
    '[D17] a token of another issuer': [
      { claims: set({ iss: 'https://other.example' }) },
      'token_not_ours',
    ],
    '[D17] a token for another gateway': [
      { claims: set({ aud: 'https://other.example' }) },
      'token_not_ours',
    ],
    '[U9] a token bound to another key': [
      { claims: set({ cnf: { jkt: impostor.publicKey.thumbprint } }) },
      'token_key_differs',
    ],
    '[U9] a token of another session': [
      { claims: set({ sid: 'ath_ses_2' }) },
      'token_session_differs',
    ],
    '[D9] a token with more than was granted': [
      { claims: set({ scope: 'oa:read oa:write oa:delete' }) },
      'token_scope_not_granted',
    ],
    '[D17] a token that lives longer than an hour': [
      { completion: set({ expires_in: 7200 }), claims: set({ exp: now() + 7200 }) },
      'token_lifetime_wrong',
    ],
    '[D17] a token that lives otherwise than was said': [
      { claims: set({ exp: now() + 60 }) },
      'token_lifetime_wrong',
    ],
    '[D5] a token from long ago': [
      { claims: set({ iat: now() - 4000, exp: now() - 400 }) },
      'token_lifetime_wrong',
    ],
  }
for (const [lie, [lying, reason, changes]] of Object.entries(lies)) {
  const [, rows = '', what = ''] = /^((?:\[\w+\] )+)(.*)$/.exec(lie) ?? []
  test(`${rows}a server that sends ${what} is not believed, and not asked again`, async (t) => {
    const { server, options } = await setUp(t, lying, changes)
    let again = 0
    const onProgress: HandshakeWish['onProgress'] = ({ step }) => {
      if (step === 'again') again += 1
    }
    await assert.rejects(handshake({ ...options, onProgress }), refused(reason))
    assert.equal(again, 0)
    assert.deepEqual(server.faults, [])
  })
}

for (const [what, lie, reason] of [
  ['another session', { refreshed: set({ session_id: 'ath_ses_2' }) }, 'token_session_differs'],
  ['a longer life than it has', { refreshed: set({ expires_in: 7200 }) }, 'token_lifetime_wrong'],
  ['a token that is none', { refreshed: set({ access_token: 'x' }) }, 'token_malformed'],
] as const)
  test(`[U9] a refresh that answers with ${what} is not believed`, async (t) => {
    const { options } = await setUp(t, lie)
    const session = await handshake(options)
    const before = session.accessToken
    await assert.rejects(session.refresh(), refused(reason))
    assert.equal(session.accessToken, before)
  })

test('[U3] an answer that is no message of the handshake is refused', async (t) => {
  for (const lie of [
    { greeting: without('nonce') },
    { result: without('restrictions') },
  ] as Lies[]) {
    const { options } = await setUp(t, lie)
    await assert.rejects(
      handshake(options),
      (error) => error instanceof AthError && error.code === 'ANSWER_INVALID',
    )
  }
})

test('[U4] a label is believed where discovery vouches for its key, and a DID that proves itself where it says nothing', async (t) => {
  const label = { server_did: 'did:ath:enterprise_gateway_001' }
  const vouched = await setUp(t, { discovery: set(label), greeting: set(label) })
  assert.equal((await handshake(vouched.options)).serverDid, label.server_did)
  const proven = await setUp(t, { discovery: without('server_did', 'server_jwk') })
  const { did } = proven.server.handshakeKey
  assert.equal((await handshake({ ...proven.options, serverDid: did })).serverDid, did)
})
