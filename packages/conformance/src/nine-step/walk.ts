import { randomBytes } from 'node:crypto'
import type { Answer, Send } from '../wire/http.ts'
import { canonical, canonicalWithout, labelled } from './canonical.ts'
import { type DidKey, signDetached, signJwt } from './key.ts'
import {
  createKeyShare,
  deriveSessionKeys,
  type KeyShare,
  type SessionKeys,
} from './session-keys.ts'

export type Members = Readonly<Record<string, unknown>>

/** Members to replace before a message is signed, and who signs it in place of the agent. */
export interface Changes {
  readonly members?: Members
  readonly signer?: DidKey
  /** Replaces the signature itself. */
  readonly signature?: string
}

/** What was sent and got so far, as canonical JSON. */
export interface Transcript {
  m1: string
  m2: string
  m3: string
  m4: string
  m5: string
  m8: string
  m9Client: string
  m9Server: string
}

/** One handshake, one message at a time. Each step sends what is right unless it is told what to change. */
export interface Walk {
  readonly key: DidKey
  readonly did: string
  readonly transcript: Transcript
  readonly share: KeyShare
  handshakeId: string
  greeting(members?: Members): Members
  /** Steps 1 and 2. */
  greet(message?: Members): Promise<Answer>
  /** Steps 3 and 4. */
  identify(credentials: readonly Members[], changes?: Changes): Promise<Answer>
  /** Step 5, and 8 or 202. */
  request(credential: string, scopes: readonly string[], changes?: Changes): Promise<Answer>
  poll(headers?: Readonly<Record<string, string>>): Promise<Answer>
  /** Step 9, both halves. */
  complete(changes?: Changes): Promise<Answer>
  /** Of the finished handshake. Rejects where the server's share is no point of the curve. */
  sessionKeys(serverShare: unknown): Promise<SessionKeys>
  /** `token_refresh` or `session_end`. */
  session(type: string, sessionId: string, changes?: Changes): Promise<Answer>
}

export interface WalkOptions {
  readonly handshakeUrl: string
  readonly send: Send
  readonly key: DidKey
  readonly did?: string
  readonly capabilities?: readonly string[]
}

const now = () => Math.floor(Date.now() / 1000)
export const freshNonce = () => randomBytes(24).toString('base64url')
export const usualCapabilities = ['ES256', 'TLS1.3', 'ATH-HS-JWS'] as const

export async function createWalk(options: WalkOptions): Promise<Walk> {
  const { handshakeUrl, send, key, did = key.did, capabilities = usualCapabilities } = options
  const post = (body: Members) => send(handshakeUrl, { method: 'POST', body })
  const transcript = { m1: '', m2: '', m3: '', m4: '', m5: '', m8: '', m9Client: '', m9Server: '' }
  let serverDid = ''

  const sign = async (
    message: Members,
    label: string,
    parts: readonly string[],
    { signer = key, signature }: Changes,
  ) => signature ?? signDetached(signer, labelled(label, ...parts, canonical(message)))

  const walk: Walk = {
    key,
    did,
    transcript,
    share: await createKeyShare(),
    handshakeId: '',
    greeting: (members = {}) => ({
      type: 'handshake_request',
      client_did: did,
      client_pubkey: key.pem,
      versions: ['0.1'],
      capabilities,
      nonce: freshNonce(),
      timestamp: now(),
      ...members,
    }),
    async greet(message = walk.greeting()) {
      const answer = await post(message)
      transcript.m1 = canonical(message)
      transcript.m2 = canonical(answer.json)
      serverDid = String(answer.json['server_did'])
      walk.handshakeId = String(answer.json['handshake_id'])
      return answer
    },
    async identify(credentials, changes = {}) {
      const message = {
        type: 'identity_proof',
        handshake_id: walk.handshakeId,
        ...(credentials.length > 0 ? { credentials } : {}),
        timestamp: now(),
        ...changes.members,
      }
      const parts = [transcript.m1, transcript.m2]
      const signature = await sign(message, 'ATH/0.1 handshake client auth', parts, changes)
      const answer = await post({ ...message, signature })
      transcript.m3 = canonical({ ...message, signature })
      transcript.m4 = canonical(answer.json)
      return answer
    },
    async request(credential, scopes, changes = {}) {
      const message = {
        type: 'scope_request',
        handshake_id: walk.handshakeId,
        scopes,
        ttl: 3600,
        context: 'The conformance suite checks this server',
        timestamp: now(),
        ...changes.members,
      }
      const parts = [transcript.m1, transcript.m2, credential]
      const label = 'ATH/0.1 user credential presentation'
      const signature = await sign(message, label, parts, changes)
      const whole = { ...message, user_authorization: { credential, signature } }
      const answer = await post(whole)
      transcript.m5 = canonical(whole)
      transcript.m8 = canonical(answer.json)
      return answer
    },
    async poll(headers) {
      const claims = { hid: walk.handshakeId, iat: now() }
      const proof = await signJwt(key, 'ath-hs-proof+jwt', claims)
      const answer = await send(`${handshakeUrl}/${walk.handshakeId}`, {
        headers: headers ?? { 'ath-handshake-proof': proof },
      })
      transcript.m8 = canonical(answer.json)
      return answer
    },
    async complete(changes = {}) {
      const message = {
        type: 'handshake_complete',
        handshake_id: walk.handshakeId,
        key_exchange_alg: 'ECDH-P256',
        key_exchange_params: walk.share.params,
        cipher_suite: 'AES-256-GCM',
        timestamp: now(),
        ...changes.members,
      }
      const { m1, m2, m3, m4, m5, m8 } = transcript
      const parts = [m1, m2, m3, m4, m5, m8]
      const signature = await sign(message, 'ATH/0.1 handshake finish client', parts, changes)
      const whole = { ...message, signature }
      const answer = await post(whole)
      transcript.m9Client = canonical(whole)
      transcript.m9Server = canonicalWithout(answer.json, 'signature', 'access_token')
      return answer
    },
    sessionKeys: (serverShare) =>
      deriveSessionKeys(walk.share, serverShare, Object.values(transcript), walk.handshakeId),
    async session(type, sessionId, changes = {}) {
      const message = {
        type,
        session_id: sessionId,
        nonce: freshNonce(),
        timestamp: now(),
        ...changes.members,
      }
      const signature = await sign(message, 'ATH/0.1 session request', [serverDid], changes)
      return post({ ...message, signature })
    },
  }
  return walk
}
