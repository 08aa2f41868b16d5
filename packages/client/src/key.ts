import { decodeBase64url, encodeBase64url } from '@ath-protocol/types'
import { AthError } from './ath-error.ts'

/** What an agent signs with. */
export interface AgentKey {
  /** P-256, usable for `sign`. */
  readonly privateKey: CryptoKey
  readonly keyId: string
}

/** A P-256 public key as agents publish it (C3). */
export interface PublicJwk {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
  readonly kid: string
  readonly alg: 'ES256'
  readonly use: 'sig'
}

export interface ReadKey extends AgentKey {
  readonly publicJwk: PublicJwk
}

const p256 = { name: 'ECDSA', namedCurve: 'P-256' } as const

/**
 * Reads a private key from PKCS #8 PEM or JWK text. `keyId` defaults to the key's own `kid`, else its RFC 7638
 * thumbprint. The key that comes back cannot be exported again. Throws `KEY_INVALID`, never with any of the text.
 */
export async function readAgentKey(text: string, keyId?: string): Promise<ReadKey> {
  try {
    const { key, kid } = await importPrivateKey(text.trim(), ['P-256'])
    const { x, y, d } = await crypto.subtle.exportKey('jwk', key)
    if (!x || !y || !d) throw new TypeError('no P-256 key')
    const named = keyId ?? kid ?? (await thumbprint(x, y))
    const privateKey = await crypto.subtle.importKey(
      'jwk',
      { kty: 'EC', crv: 'P-256', x, y, d },
      p256,
      false,
      ['sign'],
    )
    return { privateKey, keyId: named, publicJwk: publicJwk(x, y, named) }
  } catch {
    throw new AthError('KEY_INVALID', sec1Hint(text))
  }
}

/** Makes a new key: PKCS #8 PEM to keep (mode 0600, or a vault) and the public half to publish. */
export async function createAgentKey(): Promise<{
  readonly privateKeyPem: string
  readonly keyId: string
  readonly publicJwk: PublicJwk
}> {
  const { privateKey } = await crypto.subtle.generateKey(p256, true, ['sign', 'verify'])
  const der = new Uint8Array(await crypto.subtle.exportKey('pkcs8', privateKey))
  const base64 = btoa(String.fromCharCode(...der))
  const lines = base64.match(/.{1,64}/g)?.join('\n')
  const privateKeyPem = `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`
  const { keyId, publicJwk } = await readAgentKey(privateKeyPem)
  return { privateKeyPem, keyId, publicJwk }
}

const algorithms = { 'P-256': p256, Ed25519: { name: 'Ed25519' } } as const

/** Reads PKCS #8 PEM or JWK text of one of these curves. The key that comes back can be exported. Throws for everything else. */
export async function importPrivateKey(
  text: string,
  curves: readonly (keyof typeof algorithms)[],
): Promise<{ readonly key: CryptoKey; readonly kid?: string }> {
  if (text.startsWith('{')) {
    const { kty, crv, x, y, d, kid } = JSON.parse(text) as Record<
      'kty' | 'crv' | 'x' | 'y' | 'd' | 'kid',
      string
    >
    const curve = curves.find((one) => one === crv)
    if (!curve) throw new TypeError('another curve')
    const jwk = y === undefined ? { kty, crv, x, d } : { kty, crv, x, y, d }
    const key = await crypto.subtle.importKey('jwk', jwk, algorithms[curve], true, ['sign'])
    return { key, ...(typeof kid === 'string' ? { kid } : {}) }
  }
  const pem = /^-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----$/.exec(text)
  const base64url = pem?.[1]?.replace(/[\s=]/g, '').replaceAll('+', '-').replaceAll('/', '_')
  const der = decodeBase64url(base64url ?? '!')
  if (!der) throw new TypeError('neither PEM nor JWK')
  const key = await Promise.any(
    curves.map((curve) => crypto.subtle.importKey('pkcs8', der, algorithms[curve], true, ['sign'])),
  )
  return { key }
}

/** RFC 7638 §3: the required members in lexical order. */
async function thumbprint(x: string, y: string): Promise<string> {
  const canonical = JSON.stringify({ crv: 'P-256', kty: 'EC', x, y })
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(canonical))
  return encodeBase64url(new Uint8Array(digest))
}

const publicJwk = (x: string, y: string, kid: string): PublicJwk => ({
  kty: 'EC',
  crv: 'P-256',
  x,
  y,
  kid,
  alg: 'ES256',
  use: 'sig',
})

function sec1Hint(text: string) {
  return text.includes('BEGIN EC PRIVATE KEY')
    ? { fix: 'convert it: openssl pkcs8 -topk8 -nocrypt -in old.pem -out new.pem' }
    : {}
}
