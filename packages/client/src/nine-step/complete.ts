import {
  type AccessTokenClaims,
  canonicalWithout,
  checkAccessToken,
  cipherSuite,
  completionSchema,
  createKeyShare,
  deriveSessionKeys,
  finishPayload,
  handshakeTyp,
  keyExchangeAlg,
  readKeyShare,
  readWire,
  type SessionKeys,
  signDetached,
  type Transcript,
  transcriptHash,
  verifyDetached,
} from '@ath-protocol/types'
import type { Conversation } from './greet.ts'
import { believe, distrust, say, timestamp } from './link.ts'
import type { FindTokenKey } from './token-key.ts'

export interface Completed {
  readonly sessionId: string
  readonly accessToken: string
  readonly claims: AccessTokenClaims
  readonly keys: SessionKeys
}

/** Step 9: both sides agree on keys over all that was said, with key shares made for this alone (D9, D19, U8). */
export async function complete(
  { link, key, handshakeId, serverKey, follow }: Conversation,
  transcript: Transcript,
  expected: {
    readonly issuer: string
    readonly scopes: readonly string[]
    readonly findTokenKey: FindTokenKey
  },
): Promise<Completed> {
  const share = await createKeyShare()
  const unsigned = {
    type: 'handshake_complete',
    handshake_id: handshakeId,
    key_exchange_alg: keyExchangeAlg,
    key_exchange_params: share.params,
    cipher_suite: cipherSuite,
    timestamp: timestamp(link),
  }
  const payload = await finishPayload('client', transcript, canonicalWithout(unsigned))
  const own = { ...unsigned, signature: await signDetached(key.signer, handshakeTyp, payload) }
  const { message, whole } = await say(link, own, (value) => readWire(completionSchema, value))
  const m9Client = canonicalWithout(own)
  const m9Server = canonicalWithout(whole, 'signature', 'access_token')
  const finished = await finishPayload('server', transcript, m9Client, m9Server)
  const signed = await verifyDetached(message.signature, handshakeTyp, finished, serverKey)
  if (!signed.ok) distrust('server_signature_wrong')
  follow(message)
  if (message.key_exchange_alg !== keyExchangeAlg || message.cipher_suite !== cipherSuite)
    distrust('key_exchange_differs')
  const peer = believe(await readKeyShare(message.key_exchange_params))
  const { session_id: sessionId, access_token: accessToken, expires_in: expiresIn } = message
  const claims = await checkAccessToken(accessToken, {
    ...expected,
    tokenKey: await expected.findTokenKey(accessToken),
    sessionId,
    thumbprint: key.publicKey.thumbprint,
    expiresIn,
    now: link.clock.now(),
  })
  return {
    sessionId,
    accessToken,
    claims: believe(claims),
    keys: await deriveSessionKeys(
      share.privateKey,
      peer,
      await transcriptHash(transcript, m9Client, m9Server),
      handshakeId,
    ),
  }
}
