import { publicKeyPem, readHandshakeKey } from '@ath-protocol/client/nine-step'

/** The private half cannot be read out. */
export interface KeyPair {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
}

/** An agent with a name of its own, whose key the operator knows. */
export interface DidAgent {
  readonly did: string
  /** What people read when it asks. */
  readonly name: string
  readonly key: KeyPair
  /** The public half, as it goes to the operator. */
  readonly publicPem: string
}

export async function createDidAgent(did: string, name: string): Promise<DidAgent> {
  const key = await createKeyPair()
  const publicPem = await publicKeyPem(await readHandshakeKey(key))
  return { did, name, key, publicPem }
}

/** A key pair for the nine-step handshake: an agent's, or a person's. */
export const createKeyPair = (): Promise<KeyPair> =>
  crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
