import {
  decodeBase64url,
  decodeJsonObject,
  importJwk,
  keyOfDidKey,
  parseDid,
  type PublicKey,
} from '@ath-protocol/types'
import type { UserKey, UserKeyStore } from '../ports/nine-step.ts'

/** A key that a person registered, ready to verify with. */
export interface RegisteredKey {
  readonly registered: UserKey
  readonly key: PublicKey
}

/**
 * The registered key that a DID names: `did:ath:<thumbprint>` or `did:key`. A label or a `did:web` names no key that
 * anybody registered here.
 */
export async function registeredKeyOf(
  keys: UserKeyStore,
  did: string,
): Promise<RegisteredKey | undefined> {
  const thumbprint = await thumbprintOfDid(did)
  return thumbprint === undefined ? undefined : findRegisteredKey(keys, thumbprint)
}

export async function findRegisteredKey(
  keys: UserKeyStore,
  thumbprint: string,
): Promise<RegisteredKey | undefined> {
  const registered = await keys.find(thumbprint)
  const key = registered && (await importJwk(registered.jwk))
  return registered && key?.ok ? { registered, key: key.value } : undefined
}

async function thumbprintOfDid(did: string): Promise<string | undefined> {
  const parsed = parseDid(did)
  if (!parsed.ok) return undefined
  if (parsed.value.method === 'ath_key') return parsed.value.thumbprint
  if (parsed.value.method !== 'key') return undefined
  const key = await keyOfDidKey(parsed.value.multikey)
  return key.ok ? key.value.thumbprint : undefined
}

/** `kid` of a detached signature, which names the key by its thumbprint. Nothing about it is checked here. */
export function keyIdOf(signature: string): string | undefined {
  const kid = decodeJsonObject(decodeBase64url(signature.split('.', 1)[0] ?? ''))?.['kid']
  return typeof kid === 'string' ? kid : undefined
}
