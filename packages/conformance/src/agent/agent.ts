import { calculateJwkThumbprint, exportJWK, exportSPKI, generateKeyPair, type JWK } from 'jose'

export interface AgentKey {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly jwk: JWK
  readonly kid: string
}

/** A test agent: who it says it is, and the key that its document publishes. */
export interface Agent {
  readonly id: string
  readonly key: AgentKey
}

/** A fresh ES256 key. */
export async function createAgentKey(): Promise<AgentKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  return describeKey(privateKey, publicKey)
}

export async function describeKey(privateKey: CryptoKey, publicKey: CryptoKey): Promise<AgentKey> {
  const jwk = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  return { privateKey, publicKey, kid, jwk: { ...jwk, kid, alg: 'ES256', use: 'sig' } }
}

/** The public key as PEM, the other form that identity documents take (R19). */
export const pemOf = ({ publicKey }: AgentKey): Promise<string> => exportSPKI(publicKey)

export const agentName = 'Conformance test agent'
export const developer = { name: 'Conformance suite', id: 'ath-conformance' } as const

/** The identity document of an agent (R19). */
export const documentOf = ({ id, key }: Agent): Readonly<Record<string, unknown>> => ({
  ath_version: '0.1',
  agent_id: id,
  name: agentName,
  developer,
  capabilities: [],
  public_key: key.jwk,
})
