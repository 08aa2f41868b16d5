import {
  canonicalWithout,
  cipherSuite,
  clientAuthPayload,
  finishPayload,
  handshakeTyp,
  type JwsSigner,
  keyExchangeAlg,
  presentationPayload,
  serverAuthPayload,
  signDetached,
  type Transcript,
  userDecisionPayload,
} from '@ath-protocol/types'
import { createHash } from 'node:crypto'
import { p256Jwk, type VectorKey } from './keys.ts'

/** One message: as sent, its canonical JSON, and what the signature in it covers. */
export interface VectorMessage {
  readonly message: object
  readonly canonical: string
  readonly signed?: {
    readonly by: string
    /** Canonical JSON of the message without `without`. */
    readonly own_part: string
    readonly without: readonly string[]
    readonly payload_hex: string
  }
}

export interface Parties {
  readonly client: VectorKey
  readonly server: VectorKey
  readonly user: VectorKey
}

export const startedAt = 1_717_200_000
export const handshakeId = 'ath_hs_vectors_0123456789abcdef0123456789abcdef'
export const sessionId = 'ath_ses_vectors_0123456789abcdef'
export const clientDid = 'did:ath:ai_office_assistant_001'
const requestId = 'cns_vectors_0123456789abcdef0123456789abcdef'
const scopes = ['oa:read', 'crm:write']
const ttl = 28_800

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const plain = (message: object): VectorMessage => ({
  message,
  canonical: canonicalWithout(message),
})

async function signed(
  by: string,
  signer: JwsSigner,
  message: object,
  payloadOf: (ownPart: string) => Promise<Uint8Array>,
  after: object = {},
): Promise<VectorMessage> {
  const ownPart = canonicalWithout(message)
  const payload = await payloadOf(ownPart)
  const signature = await signDetached(signer, handshakeTyp, payload)
  const whole = { ...message, ...after, signature }
  return {
    message: whole,
    canonical: canonicalWithout(whole),
    signed: {
      by,
      own_part: ownPart,
      without: ['signature', ...Object.keys(after)],
      payload_hex: toHex(payload),
    },
  }
}

/** Steps 1 to 4: who is there. */
export async function greetings({ client, server }: Parties) {
  const m1 = plain({
    type: 'handshake_request',
    client_did: clientDid,
    client_pubkey: client.shown.pem,
    versions: ['0.1'],
    capabilities: ['ES256', 'TLS1.3', 'ATH-HS-JWS', 'ATH-ENC'],
    nonce: 'bm9uY2Utb2YtdGhlLWNsaWVudC0wMDE',
    timestamp: startedAt,
  })
  const m2 = await signed(
    'server',
    server.signer,
    {
      type: 'handshake_response',
      handshake_id: handshakeId,
      server_did: server.did,
      server_pubkey: server.shown.pem,
      version: '0.1',
      capabilities: ['ES256', 'TLS1.3', 'ATH-HS-JWS', 'ATH-ENC'],
      nonce: 'bm9uY2Utb2YtdGhlLXNlcnZlci0wMDE',
      timestamp: startedAt + 1,
    },
    (own) => serverAuthPayload(m1.canonical, own),
  )
  const m3 = await signed(
    'client',
    client.signer,
    { type: 'identity_proof', handshake_id: handshakeId, timestamp: startedAt + 2 },
    (own) => clientAuthPayload(m1.canonical, m2.canonical, own),
  )
  const m4 = plain({
    type: 'identity_result',
    handshake_id: handshakeId,
    success: true,
    metadata: {
      scopes_supported: ['oa:read', 'oa:write', 'crm:read', 'crm:write', 'finance:read'],
      token_max_ttl: ttl,
      require_user_confirmation: true,
    },
    error: null,
    timestamp: startedAt + 3,
  })
  return { m1, m2, m3, m4 }
}

/** Step 5: what the agent wants, with what the user gave it. */
export async function scopeRequest(
  { client }: Parties,
  m1: string,
  m2: string,
  credential: string,
): Promise<VectorMessage> {
  const message = {
    type: 'scope_request',
    handshake_id: handshakeId,
    scopes,
    ttl,
    context: 'User needs to query OA approvals and update CRM customer information · 查询审批',
    timestamp: startedAt + 4,
  }
  const ownPart = canonicalWithout(message)
  const payload = await presentationPayload(m1, m2, credential, ownPart)
  const signature = await signDetached(client.signer, handshakeTyp, payload)
  const whole = { ...message, user_authorization: { credential, signature } }
  return {
    message: whole,
    canonical: canonicalWithout(whole),
    signed: {
      by: 'client',
      own_part: ownPart,
      without: ['user_authorization'],
      payload_hex: toHex(payload),
    },
  }
}

/** Steps 6 and 7: the person is asked, and answers. */
export async function confirmation({ user }: Parties) {
  const m6 = plain({
    type: 'authorization_confirmation_request',
    request_id: requestId,
    client_did: clientDid,
    client_info: { name: 'AI 办公助手', developer: 'Blue Harbour Co.' },
    requested_scopes: scopes,
    expires_at: startedAt + 304,
    timestamp: startedAt + 4,
  })
  const m7 = await signed(
    'user',
    user.signer,
    {
      type: 'authorization_confirmation_response',
      request_id: requestId,
      approved: true,
      approved_scopes: scopes,
      expires_at: startedAt + 6 + ttl,
      timestamp: startedAt + 6,
    },
    (own) => userDecisionPayload(m6.canonical, own),
  )
  const payload = Buffer.from(m7.signed?.payload_hex ?? '', 'hex')
  const challenge = createHash('sha256').update(payload).digest('base64url')
  return { m6, m7, challenge }
}

export const scopeResult = (): VectorMessage =>
  plain({
    type: 'scope_result',
    handshake_id: handshakeId,
    scopes_granted: scopes,
    scopes_denied: [],
    ttl_granted: ttl,
    restrictions: { ip_whitelist: ['10.0.0.0/8'], access_time: '9:00-18:00' },
    timestamp: startedAt + 7,
  })

/** Step 9, both halves. */
export async function completion(
  { client, server }: Parties,
  transcript: Transcript,
  accessToken: string,
) {
  const exchange = (name: string) => {
    const { d: _private, ...open } = p256Jwk(name)
    return {
      type: 'handshake_complete',
      handshake_id: handshakeId,
      key_exchange_alg: keyExchangeAlg,
      key_exchange_params: open,
      cipher_suite: cipherSuite,
    }
  }
  const m9Client = await signed(
    'client',
    client.signer,
    { ...exchange('client ephemeral'), timestamp: startedAt + 8 },
    (own) => finishPayload('client', transcript, own),
  )
  const m9Server = await signed(
    'server',
    server.signer,
    {
      ...exchange('server ephemeral'),
      token_type: 'Bearer',
      expires_in: 3600,
      session_id: sessionId,
      timestamp: startedAt + 9,
    },
    (own) => finishPayload('server', transcript, m9Client.canonical, own),
    { access_token: accessToken },
  )
  return { m9Client, m9Server }
}
