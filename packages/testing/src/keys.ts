import {
  type AgentId,
  athVersion,
  createAttestation,
  encodeBase64url,
  type IdentityDocument,
} from '@ath-protocol/types'
import { type VirtualClock, testEpoch } from './clock.ts'

const p256 = { name: 'ECDSA', namedCurve: 'P-256' } as const

/** A P-256 key pair in every form in which a test may need it. */
export interface TestKey {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  /** With `kid`, `alg` and `use`, as our agents publish it (C3). */
  readonly publicJwk: Readonly<Record<string, string>>
  readonly privateJwk: Readonly<Record<string, string>>
  /** SPKI. */
  readonly publicPem: string
  /** PKCS #8. */
  readonly privatePem: string
}

export async function createTestKey(kid = 'default'): Promise<TestKey> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(p256, true, ['sign', 'verify'])
  const { kty, crv, x, y, d } = (await crypto.subtle.exportKey('jwk', privateKey)) as Record<
    'kty' | 'crv' | 'x' | 'y' | 'd',
    string
  >
  const publicJwk = { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' }
  return {
    kid,
    privateKey,
    publicKey,
    publicJwk,
    privateJwk: { ...publicJwk, d },
    publicPem: pem('PUBLIC KEY', await crypto.subtle.exportKey('spki', publicKey)),
    privatePem: pem('PRIVATE KEY', await crypto.subtle.exportKey('pkcs8', privateKey)),
  }
}

function pem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

const part = (value: unknown) => encodeBase64url(new TextEncoder().encode(JSON.stringify(value)))

/** Signs any header and claims with ES256, valid or not: for tests of what must be refused. */
export async function signJws(
  key: CryptoKey,
  header: Readonly<Record<string, unknown>>,
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  const input = `${part(header)}.${part(claims)}`
  const signature = await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    key,
    new TextEncoder().encode(input),
  )
  return `${input}.${encodeBase64url(new Uint8Array(signature))}`
}

export interface AttestOptions {
  readonly audience: string
  /** Unix seconds; default: the agent's clock. */
  readonly now?: number
  readonly lifetimeSeconds?: number
  readonly issuer?: 'agent_id' | 'origin'
  readonly capabilities?: readonly string[]
  readonly boundKey?: string
}

/** An agent with a key, a document to publish and attestations to send. */
export interface TestAgent {
  readonly agentId: AgentId
  readonly key: TestKey
  /** What to serve at `agentId`. */
  document(changes?: Partial<IdentityDocument>): IdentityDocument
  /** A fresh, valid attestation. */
  attest(options: AttestOptions): Promise<string>
}

/** `agentId` defaults to an https URL under example.com; give the loopback URL where the document is served for real. */
export async function createTestAgent(
  options: {
    readonly agentId?: AgentId
    readonly name?: string
    readonly key?: TestKey
    readonly clock?: Pick<VirtualClock, 'now'>
  } = {},
): Promise<TestAgent> {
  const key = options.key ?? (await createTestKey())
  const agentId = options.agentId ?? 'https://travel.agents.example.com/.well-known/agent.json'
  return {
    agentId,
    key,
    document: (changes = {}) => ({
      ath_version: athVersion,
      agent_id: agentId,
      name: options.name ?? 'Travel agent',
      developer: { name: 'Example Agents Ltd', id: 'example-agents' },
      public_key: { ...key.publicJwk },
      ...changes,
    }),
    attest: ({ now, ...request }) =>
      createAttestation({
        ...request,
        agentId,
        key: key.privateKey,
        keyId: key.kid,
        now: now ?? options.clock?.now() ?? testEpoch,
      }),
  }
}
