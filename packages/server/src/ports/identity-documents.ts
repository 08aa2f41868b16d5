import type { AttestationFault, Result } from '@ath-protocol/types'

/** One fetched identity document, not yet checked against its schema. */
export interface FetchedDocument {
  readonly json: unknown
  /** From `Cache-Control: max-age`; 0 for no-store; absent when the answer did not say. */
  readonly maxAgeSeconds?: number
}

/**
 * Fetches agent.json. Implementations guard against SSRF: https only (loopback http in development), the resolved
 * address checked and pinned for the connection, no redirects, JSON only, at most 64 KiB, connect and read timeouts (R25).
 */
export interface IdentityDocuments {
  fetch(agentId: URL): Promise<Result<FetchedDocument, AttestationFault>>
}
