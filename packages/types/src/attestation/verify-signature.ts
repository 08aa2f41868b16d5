import { fail, ok, type Result } from '../result.ts'
import type { AttestationFault } from './fault.ts'
import type { ParsedAttestation } from './parse.ts'

/** Checks the ES256 signature with WebCrypto (R29). The caller has checked nothing about replay yet: insert `jti` after this. */
export async function verifySignature(
  attestation: ParsedAttestation,
  key: CryptoKey,
): Promise<Result<void, AttestationFault>> {
  const valid = await crypto.subtle.verify(
    { name: 'ECDSA', hash: 'SHA-256' },
    key,
    attestation.signature,
    attestation.signingInput,
  )
  return valid ? ok(undefined) : fail({ kind: 'signature_wrong' })
}
