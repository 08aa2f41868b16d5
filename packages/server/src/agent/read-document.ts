import {
  fail,
  identityDocumentSchema,
  readWire,
  type AttestationFault,
  type IdentityDocument,
  type Result,
} from '@ath-protocol/types'

/**
 * Reads what was fetched from an agent_id (R18, R19): the shape, that it speaks of the agent it was fetched for, and
 * that no key in it is private, used or not: whoever read the document could sign with it, so operators should be alarmed.
 */
export function readIdentityDocument(
  agentId: string,
  json: unknown,
): Result<IdentityDocument, AttestationFault> {
  if (showsPrivateKey(json))
    return fail({ kind: 'key_is_private', evidence: 'the identity document shows a private key' })
  const document = readWire(identityDocumentSchema, json)
  if (!document.ok)
    return fail({
      kind: 'document_invalid',
      evidence: document.error
        .map(({ path, problem }) => `${path}: ${problem}`)
        .join('; ')
        .slice(0, 500),
    })
  if (document.value.agent_id !== agentId)
    return fail({ kind: 'document_agent_differs', evidence: document.value.agent_id.slice(0, 200) })
  return document
}

function showsPrivateKey(json: unknown): boolean {
  if (typeof json !== 'object' || json === null) return false
  const { public_key: single, public_keys: several } = json as Record<string, unknown>
  return [single, ...(Array.isArray(several) ? several : [])].some((key) => {
    if (typeof key === 'object' && key !== null) return 'd' in key
    return typeof key === 'string' && /PRIVATE KEY-----|"d"\s*:/.test(key)
  })
}
