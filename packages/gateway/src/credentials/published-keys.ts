import { type AthAnswer, type AthCall, jsonAnswer } from '@ath-protocol/server'
import type { Signer } from '@ath-protocol/server/parts'

/**
 * The public keys of identity assertions and of sessions' access tokens as a JWK Set (RFC 7517 §5), so that whoever gets
 * one can verify it without being given a file. Undefined for every other address.
 */
export function answerPublishedKeys(
  { method, path }: Pick<AthCall, 'method' | 'path'>,
  signers: readonly Signer[],
): AthAnswer | undefined {
  if (path !== '/.well-known/jwks.json' || (method !== 'GET' && method !== 'HEAD')) return undefined
  const keys = signers.map((signer) => signer.publicJwk())
  // Short, so that a changed key is known within minutes.
  return jsonAnswer(200, { keys }, { 'cache-control': 'public, max-age=300' })
}
