import { decodeBase64url } from '../attestation/base64url.ts'
import { fail, ok, type Result } from '../result.ts'
import { decodeBase58, encodeBase58 } from './base58.ts'
import { joinBytes } from './domain.ts'
import { importJwk, type PublicJwk, type PublicKey } from './public-key.ts'

/** A decentralized identifier that can take part in a handshake (U4). */
export type Did =
  /** `did:ath:` + the RFC 7638 thumbprint of its key: proves itself. */
  | { readonly method: 'ath_key'; readonly did: string; readonly thumbprint: string }
  /** `did:ath:` + a name that somebody here bound to a key. */
  | { readonly method: 'ath_label'; readonly did: string; readonly label: string }
  /** `did:key`: is its key. */
  | { readonly method: 'key'; readonly did: string; readonly multikey: Uint8Array<ArrayBuffer> }
  /** `did:web`: its keys are in a document on the web. */
  | { readonly method: 'web'; readonly did: string; readonly document: URL }

const athForm = /^did:ath:([A-Za-z0-9._-]{1,128})$/
const keyForm = /^did:key:z([1-9A-HJ-NP-Za-km-z]{40,64})$/
const webForm = /^did:web:([a-z0-9.-]+(?:%3A[1-9][0-9]{0,4})?)((?::[A-Za-z0-9._-]+)*)$/
/** Names of hosts with a last label that is no number: no address stands in a `did:web` (did:web §3). */
const hostForm = /^(?:[a-z0-9-]+\.)*[a-z0-9-]*[a-z-][a-z0-9-]*(?::[0-9]+)?$/

/** Reads a DID by its form alone; nothing is looked up. */
export function parseDid(did: string): Result<Did, 'did_malformed'> {
  if (did.length > 512) return fail('did_malformed')
  const ath = athForm.exec(did)?.[1]
  if (ath !== undefined)
    return ok(
      isThumbprint(ath)
        ? { method: 'ath_key', did, thumbprint: ath }
        : { method: 'ath_label', did, label: ath },
    )
  const multibase = keyForm.exec(did)?.[1]
  if (multibase !== undefined) {
    const multikey = decodeBase58(multibase)
    return multikey ? ok({ method: 'key', did, multikey }) : fail('did_malformed')
  }
  const web = webForm.exec(did)
  if (!web) return fail('did_malformed')
  const host = (web[1] as string).replace('%3A', ':')
  if (!hostForm.test(host)) return fail('did_malformed')
  const path = (web[2] ?? '').replaceAll(':', '/')
  const url = `https://${host}${path === '' ? '/.well-known' : path}/did.json`
  // Dot segments and odd hosts do not survive parsing unchanged.
  if (!URL.canParse(url) || new URL(url).href !== url.replace(/:443(?=\/)/, ''))
    return fail('did_malformed')
  return ok({ method: 'web', did, document: new URL(url) })
}

/** 43 characters of canonical base64url are 32 bytes: such a name is always a key's, never a label. */
function isThumbprint(text: string): boolean {
  return text.length === 43 && decodeBase64url(text) !== undefined
}

/** The self-certifying DID of a key. */
export const didOfKey = ({ thumbprint }: Pick<PublicKey, 'thumbprint'>): string =>
  `did:ath:${thumbprint}`

// Multicodec prefixes as varints.
const p256Prefix = Uint8Array.of(0x80, 0x24)
const ed25519Prefix = Uint8Array.of(0xed, 0x01)

/** The key that a `did:key` is. P-256 (compressed point) and Ed25519. */
export async function keyOfDidKey(
  multikey: Uint8Array<ArrayBuffer>,
): Promise<Result<PublicKey, 'did_malformed'>> {
  const [first, second] = multikey
  const raw = multikey.slice(2)
  const isP256 = first === p256Prefix[0] && second === p256Prefix[1] && raw.length === 33
  const isEd25519 = first === ed25519Prefix[0] && second === ed25519Prefix[1] && raw.length === 32
  if (!isP256 && !isEd25519) return fail('did_malformed')
  const algorithm = isP256 ? { name: 'ECDSA', namedCurve: 'P-256' } : { name: 'Ed25519' }
  const key = await crypto.subtle
    .importKey('raw', raw, algorithm, true, ['verify'])
    .catch(() => undefined)
  if (!key) return fail('did_malformed')
  const imported = await importJwk(await crypto.subtle.exportKey('jwk', key))
  return imported.ok ? imported : fail('did_malformed')
}

/** The `did:key` of a key. */
export async function didKeyOf({ jwk, key }: Pick<PublicKey, 'jwk' | 'key'>): Promise<string> {
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', key))
  const bytes =
    jwk.kty === 'OKP'
      ? joinBytes([ed25519Prefix, raw])
      : // Compressed: the sign of y, then x (SEC 1 §2.3.3).
        joinBytes([p256Prefix, Uint8Array.of(2 + ((raw[64] as number) & 1)), raw.slice(1, 33)])
  return `did:key:z${encodeBase58(bytes)}`
}

/** The DID document of a DID with one key, as `GET /ath/did/{did}` serves it (DID Core §5). */
export function didDocument(did: string, jwk: PublicJwk): object {
  const id = `${did}#key`
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/suites/jws-2020/v1'],
    id: did,
    verificationMethod: [{ id, type: 'JsonWebKey2020', controller: did, publicKeyJwk: jwk }],
    authentication: [id],
    assertionMethod: [id],
  }
}

/**
 * The keys with which the subject of a DID document may say that it is the subject: those its `authentication` names or
 * holds (DID Core §5.3.1). A key that stands there for another purpose, or that another DID controls, is none of them.
 * At most 20 of each are looked at.
 */
export function keysOfDidDocument(did: string, document: unknown): readonly unknown[] {
  const { id, verificationMethod, authentication } = membersOf(document)
  if (id !== did || !Array.isArray(authentication)) return []
  const named = Array.isArray(verificationMethod) ? verificationMethod.slice(0, 20) : []
  // A fragment alone is relative to the document.
  const whole = (name: unknown) =>
    typeof name === 'string' && name.startsWith('#') ? `${did}${name}` : name
  return authentication
    .slice(0, 20)
    .map((entry: unknown) =>
      typeof entry === 'string'
        ? named.find((method) => whole(membersOf(method)['id']) === whole(entry))
        : entry,
    )
    .filter((method) => membersOf(method)['controller'] === did)
    .map((method) => membersOf(method)['publicKeyJwk'])
    .filter((jwk) => jwk !== undefined)
}

const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
