import assert from 'node:assert/strict'
import type { webcrypto } from 'node:crypto'
import {
  canonicalJson,
  cipherSuite,
  clientAuthPayload,
  createHandshakeProof,
  createKeyShare,
  credentialClaims,
  credentialTyp,
  cryptoKeySigner,
  deriveSessionKeys,
  didOfKey,
  exportPem,
  finishPayload,
  handshakeTyp,
  importJwk,
  importKeyText,
  type JwsSigner,
  keyExchangeAlg,
  type KeyShare,
  presentationPayload,
  type PublicKey,
  readKeyShare,
  serverAuthPayload,
  type SessionKeys,
  sessionRequestPayload,
  signDetached,
  signJws,
  type SignatureAlgorithm,
  type Transcript,
  transcriptHash,
  verifyDetached,
} from '@ath-protocol/types'

/** A key pair of an agent or a person in the nine-step handshake. */
export interface DidKey {
  readonly signer: JwsSigner
  readonly publicKey: PublicKey
  /** Self-certifying. */
  readonly did: string
  readonly pem: string
  readonly privateKey: CryptoKey
}

export async function createDidKey(alg: SignatureAlgorithm = 'ES256'): Promise<DidKey> {
  const pair = (await crypto.subtle.generateKey(algorithmOf(alg), true, ['sign', 'verify'])) as {
    readonly privateKey: CryptoKey
    readonly publicKey: CryptoKey
  }
  return describeKey(pair.privateKey, pair.publicKey, alg)
}

/** The private key as JWK, to hand it to another process. */
export const exportDidKey = ({ privateKey }: DidKey) => crypto.subtle.exportKey('jwk', privateKey)

export async function openDidKey(jwk: webcrypto.JsonWebKey): Promise<DidKey> {
  const alg = jwk.kty === 'EC' ? 'ES256' : 'EdDSA'
  const { d: _, key_ops: __, ...shown } = jwk
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey('jwk', jwk, algorithmOf(alg), true, ['sign']),
    crypto.subtle.importKey('jwk', shown, algorithmOf(alg), true, ['verify']),
  ])
  return describeKey(privateKey, publicKey, alg)
}

const algorithmOf = (alg: SignatureAlgorithm) =>
  alg === 'ES256' ? { name: 'ECDSA', namedCurve: 'P-256' } : { name: 'Ed25519' }

async function describeKey(
  privateKey: CryptoKey,
  publicKey: CryptoKey,
  alg: SignatureAlgorithm,
): Promise<DidKey> {
  const imported = await importJwk(await crypto.subtle.exportKey('jwk', publicKey))
  assert.ok(imported.ok)
  return {
    signer: cryptoKeySigner(privateKey, alg, imported.value.thumbprint),
    publicKey: imported.value,
    did: didOfKey(imported.value),
    pem: await exportPem(publicKey),
    privateKey,
  }
}

/** How messages reach the server under test. */
export type Exchange = (
  method: 'GET' | 'POST',
  path: string,
  options: { readonly body?: object; readonly headers?: Readonly<Record<string, string>> },
) => Promise<{ readonly status: number; readonly json: Readonly<Record<string, unknown>> }>

export interface NineStepAgentOptions {
  readonly key: DidKey
  readonly send: Exchange
  /** Unix seconds. */
  readonly now: () => number
  /** Default: the key's own. */
  readonly did?: string
  readonly capabilities?: readonly string[]
}

type Json = Record<string, unknown>

/** The canonical JSON of a message without some members. */
export function canonicalOf(message: object, ...without: readonly string[]): string {
  const rest = Object.fromEntries(
    Object.entries(message).filter(([name]) => !without.includes(name)),
  )
  const canonical = canonicalJson(rest)
  assert.ok(canonical.ok)
  return canonical.value
}

/**
 * An agent that speaks the nine-step handshake one message at a time and checks the server's side of it, written apart
 * from the client package: tests send what is right with it, and what is wrong by changing a message on its way.
 */
export class NineStepAgent {
  readonly key: DidKey
  readonly did: string
  readonly transcript: { -readonly [name in keyof Transcript]?: string } = {}
  handshakeId = ''
  serverKey: PublicKey | undefined
  sessionKeys: SessionKeys | undefined
  sessionId = ''
  readonly #options: NineStepAgentOptions

  constructor(options: NineStepAgentOptions) {
    this.#options = options
    this.key = options.key
    this.did = options.did ?? options.key.did
  }

  #now(): number {
    return Math.floor(this.#options.now())
  }

  #post(body: object) {
    return this.#options.send('POST', '/ath/handshake', { body })
  }

  /** Step 1. */
  greeting(changes: Json = {}): Json {
    return {
      type: 'handshake_request',
      client_did: this.did,
      client_pubkey: this.key.pem,
      versions: ['0.1'],
      capabilities: [
        ...(this.#options.capabilities ?? [this.key.signer.alg, 'TLS1.3', 'ATH-HS-JWS']),
      ],
      nonce: crypto.randomUUID().replaceAll('-', ''),
      timestamp: this.#now(),
      ...changes,
    }
  }

  /** Steps 1 and 2; checks the server's signature over both. */
  async greet(changes: Json = {}) {
    const message = this.greeting(changes)
    const answer = await this.#post(message)
    if (answer.status !== 200) return answer
    this.transcript.m1 = canonicalOf(message)
    this.transcript.m2 = canonicalOf(answer.json)
    this.handshakeId = String(answer.json['handshake_id'])
    const key = await importKeyText(String(answer.json['server_pubkey']))
    assert.ok(key.ok)
    this.serverKey = key.value
    const payload = await serverAuthPayload(
      this.transcript.m1,
      canonicalOf(answer.json, 'signature'),
    )
    const signature = String(answer.json['signature'])
    const verified = await verifyDetached(signature, handshakeTyp, payload, key.value)
    assert.ok(verified.ok, 'the server signed both greetings')
    return answer
  }

  /** Step 3, signed. */
  async proof(changes: Json = {}, signer = this.key.signer): Promise<Json> {
    const message = {
      type: 'identity_proof',
      handshake_id: this.handshakeId,
      timestamp: this.#now(),
      ...changes,
    }
    const { m1 = '', m2 = '' } = this.transcript
    const payload = await clientAuthPayload(m1, m2, canonicalOf(message))
    return { ...message, signature: await signDetached(signer, handshakeTyp, payload) }
  }

  /** Steps 3 and 4. */
  async identify(changes: Json = {}, signer = this.key.signer) {
    const message = await this.proof(changes, signer)
    const answer = await this.#post(message)
    if (answer.status === 200) {
      this.transcript.m3 = canonicalOf(message)
      this.transcript.m4 = canonicalOf(answer.json)
    }
    return answer
  }

  /** Step 5, signed. */
  async scopeRequest(
    credential: string,
    scopes: readonly string[],
    changes: Json = {},
    signer = this.key.signer,
  ): Promise<Json> {
    const message = {
      type: 'scope_request',
      handshake_id: this.handshakeId,
      scopes,
      ttl: 28_800,
      context: 'query OA approvals and update CRM customers',
      timestamp: this.#now(),
      ...changes,
    }
    const { m1 = '', m2 = '' } = this.transcript
    const payload = await presentationPayload(m1, m2, credential, canonicalOf(message))
    const signature = await signDetached(signer, handshakeTyp, payload)
    return { ...message, user_authorization: { credential, signature } }
  }

  /** Step 5 and what comes back: 202 while a person is asked, or step 8. */
  async request(
    credential: string,
    scopes: readonly string[],
    changes: Json = {},
    signer = this.key.signer,
  ) {
    const message = await this.scopeRequest(credential, scopes, changes, signer)
    const answer = await this.#post(message)
    if (answer.status < 300) this.transcript.m5 = canonicalOf(message)
    if (answer.status === 200) this.transcript.m8 = canonicalOf(answer.json)
    return answer
  }

  /** Asks whether the person answered. */
  async poll(headers?: Readonly<Record<string, string>>) {
    const proof = await createHandshakeProof(this.key.signer, this.handshakeId, this.#now())
    const answer = await this.#options.send('GET', `/ath/handshake/${this.handshakeId}`, {
      headers: headers ?? { 'ath-handshake-proof': proof },
    })
    if (answer.status === 200) this.transcript.m8 = canonicalOf(answer.json)
    return answer
  }

  /** Step 9, signed, with its ephemeral key. */
  async completion(
    changes: Json = {},
    signer = this.key.signer,
  ): Promise<{ readonly message: Json; readonly share: KeyShare }> {
    const share = await createKeyShare()
    const message = {
      type: 'handshake_complete',
      handshake_id: this.handshakeId,
      key_exchange_alg: keyExchangeAlg,
      key_exchange_params: share.params,
      cipher_suite: cipherSuite,
      timestamp: this.#now(),
      ...changes,
    }
    const payload = await finishPayload(
      'client',
      this.transcript as Transcript,
      canonicalOf(message),
    )
    return {
      share,
      message: { ...message, signature: await signDetached(signer, handshakeTyp, payload) },
    }
  }

  /** Step 9, both halves; checks the server's signature and derives the session's keys. */
  async complete(changes: Json = {}, signer = this.key.signer) {
    const { message, share } = await this.completion(changes, signer)
    const answer = await this.#post(message)
    if (answer.status !== 200) return answer
    const transcript = this.transcript as Transcript
    const own = canonicalOf(answer.json, 'signature', 'access_token')
    const payload = await finishPayload('server', transcript, canonicalOf(message), own)
    assert.ok(this.serverKey)
    const signature = String(answer.json['signature'])
    const verified = await verifyDetached(signature, handshakeTyp, payload, this.serverKey)
    assert.ok(verified.ok, 'the server signed the whole transcript')
    const peer = await readKeyShare(answer.json['key_exchange_params'] as Json)
    assert.ok(peer.ok)
    this.sessionId = String(answer.json['session_id'])
    this.sessionKeys = await deriveSessionKeys(
      share.privateKey,
      peer.value,
      await transcriptHash(transcript, canonicalOf(message), own),
      this.handshakeId,
    )
    return answer
  }

  /** `token_refresh` or `session_end`. */
  async sessionRequest(
    type: 'token_refresh' | 'session_end',
    changes: Json = {},
    signer = this.key.signer,
  ) {
    const message = {
      type,
      session_id: this.sessionId,
      nonce: crypto.randomUUID().replaceAll('-', ''),
      timestamp: this.#now(),
      ...changes,
    }
    const { server_did } = JSON.parse(this.transcript.m2 ?? '{}') as Json
    const payload = await sessionRequestPayload(String(server_did), canonicalOf(message))
    return this.#post({ ...message, signature: await signDetached(signer, handshakeTyp, payload) })
  }
}

/** A credential that a person signs with their own key for an agent (U6). */
export async function signCredential(
  user: DidKey,
  given: {
    readonly agent: DidKey
    readonly clientDid?: string
    readonly serverDid: string
    readonly scopes: readonly string[]
    readonly now: number
    readonly lifetimeSeconds?: number
    readonly oneTime?: boolean
    readonly changes?: Json
  },
): Promise<string> {
  const claims = credentialClaims({
    issuer: user.did,
    userDid: user.did,
    clientDid: given.clientDid ?? given.agent.did,
    clientThumbprint: given.agent.publicKey.thumbprint,
    audience: given.serverDid,
    scopes: given.scopes,
    now: given.now,
    lifetimeSeconds: given.lifetimeSeconds ?? 28_800,
    jti: `ath_uc_${crypto.randomUUID()}`,
    ...(given.oneTime === undefined ? {} : { oneTime: given.oneTime }),
  })
  return signJws(user.signer, credentialTyp, { ...claims, ...given.changes })
}
