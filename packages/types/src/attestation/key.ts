import { fail, ok, type Result } from '../result.ts'
import type { IdentityDocument } from '../schema/identity-document.ts'
import { decodeBase64url } from './base64url.ts'
import type { AttestationFault } from './fault.ts'

type PublishedKey = IdentityDocument['public_key']
const p256 = { name: 'ECDSA', namedCurve: 'P-256' } as const

/**
 * Imports the key an identity document publishes: a JWK, a JWK as text, or a PEM SPKI (R19, C3). A single key is
 * taken whatever `kid` says; with `public_keys` the `kid` must name one. P-256 only; a document that shows a private
 * key is refused, since whoever read it can sign.
 */
export async function importAgentKey(
  document: IdentityDocument,
  kid: string | undefined,
): Promise<Result<CryptoKey, AttestationFault>> {
  const published = selectKey(document, kid)
  if (published === undefined)
    return fail({ kind: 'key_not_found', ...(kid ? { evidence: kid } : {}) })
  if (typeof published === 'string' && /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(published))
    return fail({ kind: 'key_is_private' })
  const key = typeof published === 'string' ? readKeyText(published) : published
  if (key === undefined)
    return fail({ kind: 'document_invalid', evidence: 'public_key is neither JWK nor PEM' })
  try {
    if (key instanceof Uint8Array)
      return ok(
        await crypto.subtle.importKey('spki', key as Uint8Array<ArrayBuffer>, p256, true, [
          'verify',
        ]),
      )
    if ('d' in key) return fail({ kind: 'key_is_private' })
    if (key['kty'] !== 'EC' || key['crv'] !== 'P-256') return fail({ kind: 'key_not_p256' })
    const { x, y } = key
    if (typeof x !== 'string' || typeof y !== 'string') return fail({ kind: 'key_not_p256' })
    return ok(
      await crypto.subtle.importKey('jwk', { kty: 'EC', crv: 'P-256', x, y }, p256, true, [
        'verify',
      ]),
    )
  } catch {
    return fail({ kind: 'key_not_p256' })
  }
}

function selectKey(document: IdentityDocument, kid: string | undefined): PublishedKey | undefined {
  const keys = document.public_keys
  if (!keys || keys.length === 0) return document.public_key
  return keys.find((key) => typeof key === 'object' && key['kid'] === kid)
}

function readKeyText(key: string): Record<string, unknown> | Uint8Array | undefined {
  const trimmed = key.trim()
  if (trimmed.startsWith('{')) {
    try {
      return JSON.parse(trimmed) as Record<string, unknown>
    } catch {
      return undefined
    }
  }
  return decodePem(trimmed)
}

/** The bytes of a PEM `PUBLIC KEY`; undefined for everything else. */
export function decodePem(text: string): Uint8Array<ArrayBuffer> | undefined {
  const pem = /^-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----$/.exec(text)
  if (!pem?.[1]) return undefined
  return decodeBase64url(pem[1].replace(/[\s=]/g, '').replaceAll('+', '-').replaceAll('/', '_'))
}
