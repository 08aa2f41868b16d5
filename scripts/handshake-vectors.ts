import { writeFileSync } from 'node:fs'
import {
  accessTokenTyp,
  canonicalWithout,
  createHandshakeProof,
  createUserProof,
  credentialClaims,
  credentialTyp,
  decodeBase64url,
  deriveSessionKeys,
  didDocument,
  encodeBase64url,
  encryptMessage,
  handshakeTyp,
  importDirection,
  jsonCredentialPayload,
  readKeyShare,
  type SessionKeys,
  sessionRequestPayload,
  signDetached,
  signJws,
  type Transcript,
  transcriptHash,
} from '@ath-protocol/types'
import {
  canonicalCases,
  didCases,
  negotiationCases,
  refusedNonces,
  restrictionCases,
  restrictionsThatDoNotLoad,
  sequenceCases,
} from './handshake-vectors/cases.ts'
import {
  clientDid,
  completion,
  confirmation,
  greetings,
  handshakeId,
  type Parties,
  scopeRequest,
  scopeResult,
  sessionId,
  startedAt,
  toHex,
} from './handshake-vectors/handshake.ts'
import { p256Jwk, type VectorKey, vectorKey } from './handshake-vectors/keys.ts'
import { inRoot } from './workspace.ts'

const file = 'docs/reference/handshake-vectors.json'
const about = [
  'Test vectors of the nine-step handshake of ATH 0.1 as docs/nine-step.md describes it. All keys are for tests only.',
  'Everything is deterministic but ES256 signatures: make all else again and compare; verify those.',
  'keys: private JWKs, and what each key is called. The client is did:ath:ai_office_assistant_001, a label pinned to its key.',
  'canonical: RFC 8785; null where there is no canonical JSON.',
  'messages: each as sent, its canonical JSON, and `signed`: by whom, the canonical JSON of the message without the members `without`, and the payload in hex. A payload is the label in ASCII, a zero byte, and SHA-256 of each part: see `labels`.',
  'A signature is a detached compact JWS (RFC 7515 appendix F) with typ ath-hs+jws over the bytes of the payload; ES256 signatures are r and s, 64 bytes.',
  'm5: the credential of `credentials.jwt` is presented; its signature stands in user_authorization.',
  'm7: `passkey_challenge` is SHA-256 of the payload, in base64url: what WebAuthn signs instead of `signature`.',
  'key_agreement: ECDH P-256; HKDF-SHA-256 with the transcript hash as salt and `label 0x00 handshake_id` as info. The hash is SHA-256 over SHA-256 of the canonical m1, m2, m3, m4, m5, m8, m9_client, and the own part of m9_server.',
  'encrypted: compact JWE, dir and A256GCM; the nonce is the IV XOR seq as 96 bits. The header stands in the JWE as written.',
  'Members named `refused` say which fault is to be found; in restrictions null means let through.',
] as const

const hex = (secret: string): string => toHex(decodeBase64url(secret) ?? new Uint8Array())

async function credentials({ client, server, user }: Parties) {
  const claims = credentialClaims({
    issuer: user.did,
    userDid: user.did,
    clientDid,
    clientThumbprint: client.publicKey.thumbprint,
    audience: server.did,
    scopes: ['oa:read', 'crm:write'],
    now: startedAt - 60,
    lifetimeSeconds: 28_860,
    jti: 'ath_uc_vectors_0001',
  })
  const unsigned = {
    user_did: user.did,
    client_did: clientDid,
    scopes: ['oa:read', 'crm:write'],
    expires_at: startedAt + 28_800,
  }
  const signedText = canonicalWithout(unsigned)
  const payload = await jsonCredentialPayload(signedText)
  const signature = await signDetached(user.signer, handshakeTyp, payload)
  const whole = canonicalWithout({ ...unsigned, signature })
  return {
    jwt: { text: await signJws(user.signer, credentialTyp, claims), claims },
    json: {
      text: encodeBase64url(new TextEncoder().encode(whole)),
      signed_text: signedText,
      payload_hex: toHex(payload),
    },
  }
}

async function accessToken({ client }: Parties, token: VectorKey) {
  const claims = {
    iss: 'https://gateway.example',
    aud: 'https://gateway.example',
    sub: 'usr_vectors',
    client_id: 'ath_vectors',
    ath_agent_id: clientDid,
    ath_provider: ['oa', 'crm'],
    scope: 'oa:read crm:write',
    iat: startedAt + 9,
    exp: startedAt + 9 + 3600,
    jti: 'vectors-0123456789abcdef',
    sid: sessionId,
    cnf: { jkt: client.publicKey.thumbprint },
  }
  return { issuer: claims.iss, claims, jwt: await signJws(token.signer, accessTokenTyp, claims) }
}

async function proofs({ client, server, user }: Parties) {
  const userClaims = {
    iss: user.did,
    aud: server.did,
    htm: 'POST',
    htu: '/ath/confirm/cns_vectors_0123456789abcdef0123456789abcdef',
    iat: startedAt + 6,
    jti: 'vectors-0123456789abcdef',
  }
  const refresh = {
    type: 'token_refresh',
    session_id: sessionId,
    nonce: 'bm9uY2Utb2YtYS1yZWZyZXNoLTAwMDE',
    timestamp: startedAt + 3000,
  }
  const ownPart = canonicalWithout(refresh)
  const payload = await sessionRequestPayload(server.did, ownPart)
  const signature = await signDetached(client.signer, handshakeTyp, payload)
  return {
    handshake_proof: {
      handshake_id: handshakeId,
      at: startedAt + 5,
      jws: await createHandshakeProof(client.signer, handshakeId, startedAt + 5),
    },
    user_proof: { claims: userClaims, jws: await createUserProof(user.signer, userClaims) },
    token_refresh: {
      server_did: server.did,
      message: { ...refresh, signature },
      own_part: ownPart,
      payload_hex: toHex(payload),
    },
  }
}

async function keyAgreement(transcript: Transcript, m9Client: string, m9Server: string) {
  const [clientJwk, serverJwk] = [p256Jwk('client ephemeral'), p256Jwk('server ephemeral')]
  const ecdh = { name: 'ECDH', namedCurve: 'P-256' } as const
  const own = await crypto.subtle.importKey('jwk', clientJwk, ecdh, false, ['deriveBits'])
  const { d: _private, ...open } = serverJwk
  const peer = await readKeyShare(open)
  if (!peer.ok) throw new TypeError('the server’s share is not on the curve')
  const shared = await crypto.subtle.deriveBits({ name: 'ECDH', public: peer.value }, own, 256)
  const hash = await transcriptHash(transcript, m9Client, m9Server)
  const keys = await deriveSessionKeys(own, peer.value, hash, handshakeId)
  const shown = {
    client_private_jwk: clientJwk,
    server_private_jwk: serverJwk,
    shared_secret_hex: toHex(new Uint8Array(shared)),
    transcript_hash_hex: toHex(hash),
    handshake_id: handshakeId,
    key_c2s_hex: hex(keys.keyC2s),
    key_s2c_hex: hex(keys.keyS2c),
    iv_c2s_hex: hex(keys.ivC2s),
    iv_s2c_hex: hex(keys.ivS2c),
    exporter_hex: hex(keys.exporter),
  }
  return { keys, shown }
}

async function encrypted(keys: SessionKeys) {
  const text = (body: string) => new TextEncoder().encode(body)
  const requestHeader = { sid: sessionId, seq: 7, htm: 'POST', htu: '/crm/api/customer/123?full=1' }
  const request = {
    headers: { 'content-type': 'application/json' },
    body: text('{"status":"following_up"}'),
  }
  const answerHeader = { sid: sessionId, seq: 4294967295, req: 7, part: 0, fin: true }
  const answer = {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: text('{"name":"王"}'),
  }
  const show = (jwe: string, header: object, message: { readonly body: Uint8Array }) => ({
    header,
    message: { ...message, body: encodeBase64url(message.body) },
    nonce_hex: hex(jwe.split('.')[2] ?? ''),
    jwe,
  })
  const [c2s, s2c] = [await importDirection(keys, 'c2s'), await importDirection(keys, 's2c')]
  return {
    request: show(await encryptMessage(c2s, requestHeader, request), requestHeader, request),
    answer: show(await encryptMessage(s2c, answerHeader, answer), answerHeader, answer),
  }
}

/** Not on the curve, private, compressed: no `key_exchange_params`. */
function refusedShares(): readonly (string | object)[] {
  const own = p256Jwk('client ephemeral')
  const { d: _private, ...open } = own
  const x = decodeBase64url(open.x) ?? new Uint8Array()
  return [{ ...open, y: open.x }, own, encodeBase64url(Uint8Array.of(2, ...x)), '']
}

async function makeVectors(): Promise<object> {
  const parties: Parties = {
    client: await vectorKey('client'),
    server: await vectorKey('server handshake'),
    user: await vectorKey('user', 'EdDSA'),
  }
  const token = await vectorKey('server token')
  const given = await credentials(parties)
  const { m1, m2, m3, m4 } = await greetings(parties)
  const m5 = await scopeRequest(parties, m1.canonical, m2.canonical, given.jwt.text)
  const { m6, m7, challenge } = await confirmation(parties)
  const m8 = scopeResult()
  const transcript: Transcript = {
    m1: m1.canonical,
    m2: m2.canonical,
    m3: m3.canonical,
    m4: m4.canonical,
    m5: m5.canonical,
    m8: m8.canonical,
  }
  const access = await accessToken(parties, token)
  const { m9Client, m9Server } = await completion(parties, transcript, access.jwt)
  const ownPart = m9Server.signed?.own_part ?? ''
  const { keys, shown } = await keyAgreement(transcript, m9Client.canonical, ownPart)
  const { client, server, user } = parties
  return {
    about,
    version: '0.1',
    labels: {
      m2: 'ATH/0.1 handshake server auth: m1, own part',
      m3: 'ATH/0.1 handshake client auth: m1, m2, own part',
      m5: 'ATH/0.1 user credential presentation: m1, m2, credential, own part',
      m7: 'ATH/0.1 user decision: m6, own part',
      m9_client: 'ATH/0.1 handshake finish client: m1, m2, m3, m4, m5, m8, own part',
      m9_server: 'ATH/0.1 handshake finish server: m1, m2, m3, m4, m5, m8, m9_client, own part',
      'credentials.json': 'ATH/0.1 user credential: signed_text',
      token_refresh: 'ATH/0.1 session request: server_did, own part',
    },
    keys: {
      client: client.shown,
      server_handshake: server.shown,
      server_token: token.shown,
      user: user.shown,
    },
    did_document: didDocument(server.did, server.publicKey.jwk),
    canonical: canonicalCases,
    dids: didCases,
    negotiation: negotiationCases,
    credentials: given,
    messages: { m1, m2, m3, m4, m5, m6, m7, m8, m9_client: m9Client, m9_server: m9Server },
    passkey_challenge: challenge,
    key_agreement: shown,
    access_token: access,
    proofs: await proofs(parties),
    encrypted: await encrypted(keys),
    sequence_numbers: sequenceCases,
    key_shares_refused: refusedShares(),
    nonces_refused: refusedNonces,
    restrictions: restrictionCases,
    restrictions_that_do_not_load: restrictionsThatDoNotLoad,
  }
}

// Run by hand when the rules change: `node scripts/run.mjs scripts/handshake-vectors.ts`. ES256 signatures are new each time.
writeFileSync(inRoot(file), `${JSON.stringify(await makeVectors(), null, 2)}\n`)
process.stdout.write(`wrote ${file}\n`)
