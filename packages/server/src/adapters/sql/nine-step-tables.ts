/** The rows of the nine-step handshake and of all that asks people. Yes and no are 1 and 0. */
export interface NineStepTables {
  consents: ConsentRow
  nineStepHandshakes: NineStepHandshakeRow
  sessions: SessionRow
  userKeys: UserKeyRow
  preAuthorizations: PreAuthorizationRow
  upstreamLegs: UpstreamLegRow
  passkeys: PasskeyRow
  channelIdentities: ChannelIdentityRow
  deliveries: DeliveryRow
}

export interface ConsentRow {
  id: string
  handshakeKind: string
  handshakeId: string
  clientId: string
  agentId: string
  clientDid: string | null
  userId: string | null
  requested: string
  offered: string
  words: string | null
  risk: string
  restrictions: string
  longestSeconds: number
  message: string | null
  createdAt: number
  expiresAt: number
  /** The three are null until there is an answer. */
  decision: string | null
  decidedByUser: string | null
  decidedAt: number | null
  /** 1 once it expired and its channels were told. */
  told: number
}

export interface NineStepHandshakeRow {
  id: string
  state: string
  clientDid: string
  clientKey: string
  thumbprint: string
  encrypted: number
  m1: string | null
  m2: string | null
  m3: string | null
  m4: string | null
  m5: string | null
  m8: string | null
  lastTimestamp: number
  agentId: string | null
  clientId: string | null
  userId: string | null
  credentialId: string | null
  consentId: string | null
  grantLifetimeSeconds: number | null
  grants: string | null
  endReason: string | null
  createdAt: number
  expiresAt: number
}

export interface SessionRow {
  id: string
  handshakeId: string
  clientId: string
  agentId: string
  clientDid: string
  clientKey: string
  thumbprint: string
  userId: string
  grants: string
  credentialId: string
  sealedKeys: string | null
  /** Sequence numbers set aside, of each direction. */
  reservedFromClient: number
  reservedFromServer: number
  createdAt: number
  expiresAt: number
  revokedAt: number | null
}

export interface UserKeyRow {
  thumbprint: string
  userId: string
  jwk: string
  label: string
  createdAt: number
}

export interface PreAuthorizationRow {
  userId: string
  id: string
  clientDid: string
  scopes: string
  oneTime: number
  madeBy: string
  signedBy: string | null
  /** Empty while it was only revoked and never seen. */
  hash: string
  createdAt: number
  expiresAt: number
  usedAt: number | null
  revokedAt: number | null
}

export interface UpstreamLegRow {
  stateHash: string
  consentId: string
  grantId: string
  providerId: string
  sealedCodeVerifier: string
  sealedNonce: string
  scopes: string
  bindingHash: string
  expiresAt: number
}

export interface PasskeyRow {
  credentialId: string
  userId: string
  publicKey: string
  counter: number
  transports: string
  label: string
  backedUp: number
  createdAt: number
  lastUsedAt: number | null
}

export interface ChannelIdentityRow {
  channel: string
  externalId: string
  userId: string
  learnedAt: number
}

export interface DeliveryRow {
  consentId: string
  channel: string
  reference: string
  sentAt: number
}
