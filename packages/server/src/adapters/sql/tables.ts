import type { NineStepTables } from './nine-step-tables.ts'

/**
 * The rows of the store, as Kysely sees them. Column names are written in camelCase here and are snake_case in the
 * database. Lists and records are JSON text, instants are Unix seconds with fraction, `sealed…` values are encrypted.
 */
export interface Tables extends NineStepTables {
  registrations: RegistrationRow
  handshakes: HandshakeRow
  grants: GrantRow
  tokens: TokenRow
  providerTokens: ProviderTokenRow
  replayClaims: ReplayClaimRow
  users: UserRow
  loginSessions: LoginSessionRow
  loginFlows: LoginFlowRow
  auditHeads: AuditHeadRow
}

export interface RegistrationRow {
  clientId: string
  agentId: string
  name: string
  developer: string
  purpose: string | null
  redirectUris: string | null
  status: string
  requested: string
  approvals: string
  approvalExpiresAt: number
  secretHash: string
  previousSecret: string | null
  registeredAt: number
  decidedAt: number
  decidedBy: string
  restrictions: string | null
  keyThumbprint: string | null
}

export interface HandshakeRow {
  id: string
  clientId: string
  agentId: string
  providerId: string
  requestedScopes: string
  agentState: string
  userRedirectUri: string | null
  resource: string | null
  opaqueHash: string
  /** Null once the callback took it. */
  upstreamStateHash: string | null
  sealedCodeVerifier: string
  sealedNonce: string
  state: string
  bindingHash: string | null
  offeredScopes: string | null
  userId: string | null
  grantLifetimeSeconds: number | null
  grantId: string | null
  consentedScopes: string | null
  codeHash: string | null
  endReason: string | null
  createdAt: number
  expiresAt: number
}

export interface GrantRow {
  id: string
  clientId: string
  agentId: string
  userId: string
  userSource: string
  providerId: string
  scopes: string
  createdAt: number
  expiresAt: number
  revokedAt: number | null
  restrictions: string | null
  sessionId: string | null
}

export interface TokenRow {
  hash: string
  grantId: string
  clientId: string
  agentId: string
  userId: string
  providerId: string
  scopes: string
  issuedAt: number
  expiresAt: number
  revokedAt: number | null
  sessionId: string | null
}

export interface ProviderTokenRow {
  grantId: string
  sealedTokens: string
}

export interface ReplayClaimRow {
  /** SHA-256 over agent and jti: rows stay small whatever agents send. */
  claimHash: string
  expiresAt: number
}

export interface UserRow {
  id: string
  issuer: string
  subject: string
  name: string | null
  email: string | null
}

export interface LoginSessionRow {
  hash: string
  userId: string
  sealedCsrfToken: string
  createdAt: number
  expiresAt: number
}

export interface LoginFlowRow {
  stateHash: string
  bindingHash: string
  sealedCodeVerifier: string
  sealedNonce: string
  sealedReturnTo: string
  expiresAt: number
}

export interface AuditHeadRow {
  name: string
  head: string
}
