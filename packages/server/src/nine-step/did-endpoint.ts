import { didDocument, keyOfDidKey, parseDid } from '@ath-protocol/types'
import { answerFailure } from '../endpoint/endpoint.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { jsonAnswer } from '../wire/answer.ts'
import type { AthAnswer } from '../wire/http.ts'

/**
 * `GET /ath/did/{did}` (U4): the DID document of this server, and of any `did:key`, which is its own document. Public,
 * and nothing that is not: whom we know is nobody's business.
 */
export async function answerDid(ports: AthPorts, encoded: string): Promise<AthAnswer> {
  const did = decode(encoded)
  const own = ports.nineStep
  const jwk = own && did === own.serverDid ? own.handshakeKey.publicKey.jwk : await jwkOfDidKey(did)
  if (!own || !jwk) return answerFailure({ reason: 'route_unknown' }, '')
  const answer = jsonAnswer(
    200,
    {},
    { 'cache-control': 'public, max-age=300', 'access-control-allow-origin': '*' },
  )
  return { ...answer, body: JSON.stringify(didDocument(did, jwk)) }
}

async function jwkOfDidKey(did: string) {
  const parsed = parseDid(did)
  if (!parsed.ok || parsed.value.method !== 'key') return undefined
  const key = await keyOfDidKey(parsed.value.multikey)
  return key.ok ? key.value.jwk : undefined
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return ''
  }
}
