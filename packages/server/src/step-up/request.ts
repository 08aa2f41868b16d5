import { createHash } from 'node:crypto'
import { canonicalJson, type GrantId } from '@ath-protocol/types'

/** One request, exactly: what a person confirms holds for these bytes at this address under this grant, and nothing else. */
export interface StepUpRequest {
  readonly grantId: GrantId
  readonly method: string
  /** Path and query as sent. */
  readonly target: string
  /** How the body is to be read: its type and encoding, as sent. */
  readonly bodyType: string
  /** SHA-256 of the body, base64url. */
  readonly bodyHash: string
  /** What it means, in the app's words; the person reads it. */
  readonly summary?: string
}

export const hashBody = (body: Uint8Array): string =>
  createHash('sha256').update(body).digest('base64url')

/** The request as it is kept with its question. */
export function writeStepUp(request: StepUpRequest): string {
  const { grantId, method, target, bodyType, bodyHash, summary } = request
  const canonical = canonicalJson({
    type: 'step_up_request',
    grant_id: grantId,
    method,
    target,
    body_type: bodyType,
    body_sha256: bodyHash,
    ...(summary === undefined ? {} : { summary }),
  })
  if (!canonical.ok) throw new TypeError(`a request is not canonical: ${canonical.error}`)
  return canonical.value
}

export function readStepUp(message: string | undefined): StepUpRequest | undefined {
  if (message === undefined) return undefined
  const { type, grant_id, method, target, body_type, body_sha256, summary } = JSON.parse(
    message,
  ) as Record<string, string | undefined>
  if (type !== 'step_up_request') return undefined
  if (!grant_id || !method || !target || body_type === undefined || !body_sha256) return undefined
  return {
    grantId: grant_id,
    method,
    target,
    bodyType: body_type,
    bodyHash: body_sha256,
    ...(summary === undefined ? {} : { summary }),
  }
}

/** Whether one was asked for the other. How the app describes it does not count: only what is done. */
export const isSameRequest = (one: StepUpRequest, other: StepUpRequest): boolean =>
  one.grantId === other.grantId &&
  one.method === other.method &&
  one.target === other.target &&
  one.bodyType === other.bodyType &&
  one.bodyHash === other.bodyHash
