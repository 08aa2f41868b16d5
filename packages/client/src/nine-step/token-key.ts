import { importJwk, ok, parseJws, type PublicKey } from '@ath-protocol/types'
import { ask } from '../agent-context.ts'
import { distrust, type Link } from './link.ts'

/** Finds the key that signed an access token among those the gateway publishes (U9). Each is fetched once. */
export type FindTokenKey = (jwt: string) => Promise<PublicKey>

export function createTokenKeys(link: Link): FindTokenKey {
  const known = new Map<unknown, PublicKey>()
  return async (jwt) => {
    const jws = parseJws(jwt, 8192)
    if (!jws.ok) return distrust('token_malformed')
    const { kid } = jws.value.header
    const found = known.get(kid) ?? (await fetchKey(link, kid))
    known.set(kid, found)
    return found
  }
}

async function fetchKey(link: Link, kid: unknown): Promise<PublicKey> {
  const set = await ask<{ readonly keys?: unknown } | null>(link, {
    method: 'GET',
    url: link.jwks,
    read: (value) => ok(value as { readonly keys?: unknown } | null),
    signal: link.signal,
  })
  const keys = Array.isArray(set?.keys) ? (set.keys as unknown[]) : []
  const jwk = keys.find((one) => (one as { readonly kid?: unknown } | null)?.kid === kid)
  const key = await importJwk(jwk)
  return key.ok ? key.value : distrust('token_signature_wrong')
}
