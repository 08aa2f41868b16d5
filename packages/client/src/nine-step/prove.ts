import {
  canonicalWithout,
  clientAuthPayload,
  handshakeTyp,
  type IdentityResult,
  identityResultSchema,
  readWire,
  signDetached,
} from '@ath-protocol/types'
import type { Conversation } from './greet.ts'
import { distrust, say, timestamp } from './link.ts'

export interface Identified {
  readonly m3: string
  readonly m4: string
  readonly metadata: IdentityResult['metadata']
}

/** Steps 3 and 4: that we hold our key, and who vouches for us; whether the service has approved us (D9, U5). */
export async function proveIdentity(
  conversation: Conversation,
  attestation: string | undefined,
): Promise<Identified> {
  const { link, key, handshakeId, m1, m2 } = conversation
  const unsigned = {
    type: 'identity_proof',
    handshake_id: handshakeId,
    ...(attestation === undefined
      ? {}
      : { credentials: [{ type: 'ath_attestation', jwt: attestation }] }),
    timestamp: timestamp(link),
  }
  const payload = await clientAuthPayload(m1, m2, canonicalWithout(unsigned))
  const proof = { ...unsigned, signature: await signDetached(key.signer, handshakeTyp, payload) }
  const { message, whole } = await say(link, proof, (value) =>
    readWire(identityResultSchema, value),
  )
  conversation.follow(message)
  if (!message.success) distrust('identity_not_accepted')
  return { m3: canonicalWithout(proof), m4: canonicalWithout(whole), metadata: message.metadata }
}
