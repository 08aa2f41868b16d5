import {
  athVersion,
  canonicalWithout,
  checkAnswer,
  checkNegotiated,
  checkServerIdentity,
  encryptionCapability,
  type ExpectedServer,
  handshakeResponseSchema,
  handshakeTyp,
  type PublicKey,
  readWire,
  serverAuthPayload,
  transcriptCapability,
  verifyDetached,
} from '@ath-protocol/types'
import { type HandshakeKey, publicKeyPem } from './handshake-key.ts'
import { believe, distrust, freshNonce, type Link, say, timestamp } from './link.ts'

/** One attempt at a handshake, from step 2 on. */
export interface Conversation {
  readonly link: Link
  readonly key: HandshakeKey
  readonly handshakeId: string
  readonly serverDid: string
  readonly serverKey: PublicKey
  readonly encrypted: boolean
  readonly m1: string
  readonly m2: string
  /** Checks that an answer belongs here and is not older than the one before. */
  follow(answer: { readonly handshake_id: string; readonly timestamp: number }): void
}

/** Steps 1 and 2: who we are and what we can; who the server is, proven over both messages (D8, U1). */
export async function greet(
  link: Link,
  key: HandshakeKey,
  offer: { readonly did: string; readonly encrypted: boolean; readonly server: ExpectedServer },
): Promise<Conversation> {
  const { alg } = key.publicKey
  const capabilities = [
    alg,
    'TLS1.3',
    transcriptCapability,
    ...(offer.encrypted ? [encryptionCapability] : []),
  ]
  const sentAt = timestamp(link)
  const request = {
    type: 'handshake_request',
    client_did: offer.did,
    client_pubkey: await publicKeyPem(key),
    versions: [athVersion],
    capabilities,
    nonce: freshNonce(),
    timestamp: sentAt,
  }
  const { message, whole } = await say(link, request, (value) =>
    readWire(handshakeResponseSchema, value),
  )
  const serverKey = believe(await checkServerIdentity(message, offer.server))
  const m1 = canonicalWithout(request)
  const payload = await serverAuthPayload(m1, canonicalWithout(whole, 'signature'))
  const signed = await verifyDetached(message.signature, handshakeTyp, payload, serverKey)
  if (!signed.ok) distrust('server_signature_wrong')
  believe(checkNegotiated(message, capabilities, alg))
  const handshakeId = message.handshake_id
  let previous = 0
  const follow: Conversation['follow'] = (answer) => {
    believe(checkAnswer(answer, { handshakeId, now: link.clock.now(), previous }))
    previous = answer.timestamp
  }
  follow(message)
  return {
    link,
    key,
    handshakeId,
    serverDid: message.server_did,
    serverKey,
    encrypted: offer.encrypted,
    m1,
    m2: canonicalWithout(whole),
    follow,
  }
}
