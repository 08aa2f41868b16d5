import {
  fail,
  type HandshakeFault,
  importKeyText,
  keyOfDidKey,
  ok,
  parseDid,
  type Result,
} from '@ath-protocol/types'
import type { AthPorts } from '../endpoint/ports.ts'

/**
 * The thumbprint of the key that an agent must hold: what its DID says itself, what is registered or pinned here for a
 * DID that says nothing, or else the key that the person names. Where two of these speak they agree.
 */
export async function clientThumbprint(
  ports: Pick<AthPorts, 'registry' | 'config'>,
  did: string,
  named: string | undefined,
): Promise<Result<string, HandshakeFault>> {
  const known = await knownThumbprint(ports, did)
  if (!known.ok) return known
  const thumbprint = known.value ?? named
  if (thumbprint === undefined)
    return fail({ kind: 'key_not_of_did', member: 'client_thumbprint', evidence: 'no key given' })
  if (named !== undefined && named !== thumbprint)
    return fail({ kind: 'key_not_of_did', member: 'client_thumbprint' })
  return ok(thumbprint)
}

/** The thumbprint of a key as PEM or JWK text. */
export async function thumbprintOfText(text: string): Promise<Result<string, HandshakeFault>> {
  const key = await importKeyText(text)
  return key.ok
    ? ok(key.value.thumbprint)
    : fail({ kind: 'key_malformed', member: 'client_pubkey' })
}

async function knownThumbprint(
  { registry, config }: Pick<AthPorts, 'registry' | 'config'>,
  did: string,
): Promise<Result<string | undefined, HandshakeFault>> {
  const parsed = parseDid(did)
  if (!parsed.ok) return fail({ kind: 'did_malformed', member: 'client_did' })
  if (parsed.value.method === 'ath_key') return ok(parsed.value.thumbprint)
  if (parsed.value.method === 'key') {
    const key = await keyOfDidKey(parsed.value.multikey)
    return key.ok ? ok(key.value.thumbprint) : fail({ kind: 'did_malformed', member: 'client_did' })
  }
  const pinned = config.nineStep?.pinnedDids.find((one) => one.did === did)
  return ok(pinned?.thumbprint ?? (await registry.findByAgentId(did))?.keyThumbprint)
}
