import type { ServerKey } from '../ports/nine-step.ts'
import { importJwk } from '@ath-protocol/types'
import type { Signer } from '../ports/signer.ts'

/** A signing key of the gateway as the nine-step handshake wants it. */
export async function openServerKey(signer: Signer): Promise<ServerKey> {
  const publicKey = await importJwk(signer.publicJwk())
  if (!publicKey.ok) throw new Error(`the public key of ${signer.kid} is not on its curve`)
  return {
    signer: { alg: 'ES256', kid: signer.kid, sign: (input) => signer.sign(input) },
    publicKey: publicKey.value,
  }
}
