import type { AttestationClaims, Failure, IdentityDocument, Result } from '@ath-protocol/types'

/** An attestation that passed everything: claims, signature by the published key, first use. */
export interface VerifiedAttestation {
  readonly claims: AttestationClaims
  readonly document: IdentityDocument
}

export interface AttestationVerifier {
  /** The agent is always the one named by `sub`; when `agentId` is given it must be that one. */
  verify(
    jwt: string,
    expected: { readonly audiences: readonly string[]; readonly agentId?: string },
  ): Promise<Result<VerifiedAttestation, Failure>>
}
