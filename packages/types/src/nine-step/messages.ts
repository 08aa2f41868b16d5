import { z } from 'zod'
import { scopeSchema, shownText } from '../schema/text.ts'

/** Unix seconds (D5). */
const instant = z.number().int().nonnegative().max(1e11)
const did = z.string().min(1).max(512)
const signature = z.string().min(1).max(1024)
const handshakeId = z.string().min(1).max(128)
/** At least 128 bits, base64url; a dot would let a peer compose a token to be signed (U1, U2). */
const nonce = z.string().regex(/^[A-Za-z0-9_-]{22,86}$/, '22 to 86 characters of base64url')
const scopes = z.array(scopeSchema).min(1).max(100)

/** Step 1, client to server. */
export const handshakeRequestSchema = z.looseObject({
  type: z.literal('handshake_request'),
  client_did: did,
  client_pubkey: z.string().min(1).max(2048),
  versions: z.array(z.string().min(1).max(16)).min(1).max(16),
  capabilities: z.array(z.string().min(1).max(64)).max(32),
  nonce,
  timestamp: instant,
})
export type HandshakeRequest = z.infer<typeof handshakeRequestSchema>

/** Step 2, server to client. `handshake_id` is ours (U3): the wire had no name for a handshake. */
export const handshakeResponseSchema = z.looseObject({
  type: z.literal('handshake_response'),
  handshake_id: handshakeId,
  server_did: did,
  server_pubkey: z.string().min(1).max(2048),
  version: z.string(),
  capabilities: z.array(z.string()).max(32),
  nonce,
  signature,
  timestamp: instant,
})
export type HandshakeResponse = z.infer<typeof handshakeResponseSchema>

/** What may stand beside the identity proof: an attestation for an agent that registered by HTTP (U5). */
export const proofCredentialSchema = z.looseObject({
  type: z.string().max(64),
  jwt: z.string().max(8192).optional(),
})

export type ProofCredential = z.infer<typeof proofCredentialSchema>

/** Step 3, client to server. */
export const identityProofSchema = z.looseObject({
  type: z.literal('identity_proof'),
  handshake_id: handshakeId,
  signature,
  credentials: z.array(proofCredentialSchema).max(8).optional(),
  timestamp: instant,
})
export type IdentityProof = z.infer<typeof identityProofSchema>

/** Step 4, server to client. */
export const identityResultSchema = z.looseObject({
  type: z.literal('identity_result'),
  handshake_id: handshakeId,
  success: z.boolean(),
  metadata: z
    .looseObject({
      scopes_supported: z.array(scopeSchema),
      token_max_ttl: z.number().int(),
      require_user_confirmation: z.boolean().optional(),
    })
    .optional(),
  error: z.string().nullish(),
  timestamp: instant,
})
export type IdentityResult = z.infer<typeof identityResultSchema>

/** Step 5, client to server. `ttl` in seconds, at most a day (D7). */
export const scopeRequestSchema = z.looseObject({
  type: z.literal('scope_request'),
  handshake_id: handshakeId,
  scopes,
  ttl: z.number().int().min(60).max(86_400),
  user_authorization: z.looseObject({
    /** A JWT, or base64url of the canonical JSON of the object of step 0 (U6). */
    credential: z.string().min(1).max(8192),
    signature,
  }),
  /** Shown to the user as the agent's own words. */
  context: shownText(2000),
  timestamp: instant,
})
export type ScopeRequest = z.infer<typeof scopeRequestSchema>

/** Answer to step 5 while a person is asked. The agent polls `GET /ath/handshake/{handshake_id}`; it never gets the link. */
export const authorizationPendingSchema = z.looseObject({
  type: z.literal('authorization_pending'),
  handshake_id: handshakeId,
  request_id: z.string(),
  interval: z.number().int(),
  expires_at: instant,
})
export type AuthorizationPending = z.infer<typeof authorizationPendingSchema>

/** Step 6, server to user. */
export const confirmationRequestSchema = z.looseObject({
  type: z.literal('authorization_confirmation_request'),
  request_id: z.string().min(1).max(128),
  client_did: did,
  client_info: z.looseObject({ name: z.string(), developer: z.string() }),
  requested_scopes: scopes,
  expires_at: instant,
  timestamp: instant,
})
export type ConfirmationRequest = z.infer<typeof confirmationRequestSchema>

/** Step 7, user to server. `expires_at` is how long the user lets the grant live. */
export const confirmationResponseSchema = z.looseObject({
  type: z.literal('authorization_confirmation_response'),
  request_id: z.string().min(1).max(128),
  approved: z.boolean(),
  approved_scopes: z.array(scopeSchema).max(100),
  expires_at: instant,
  signature,
  timestamp: instant,
})
export type ConfirmationResponse = z.infer<typeof confirmationResponseSchema>

/** Step 8, server to client. */
export const scopeResultSchema = z.looseObject({
  type: z.literal('scope_result'),
  handshake_id: handshakeId,
  scopes_granted: z.array(scopeSchema),
  scopes_denied: z.array(z.looseObject({ scope: scopeSchema, reason: z.string() })).optional(),
  ttl_granted: z.number().int(),
  restrictions: z.looseObject({}),
  timestamp: instant,
})
export type ScopeResult = z.infer<typeof scopeResultSchema>

const keyExchange = {
  type: z.literal('handshake_complete'),
  handshake_id: handshakeId,
  key_exchange_alg: z.string().max(64),
  /** A public JWK; the base64url of an uncompressed point and PEM SPKI are taken too (U8). */
  key_exchange_params: z.union([z.string().min(1).max(2048), z.looseObject({})]),
  cipher_suite: z.string().max(64),
  timestamp: instant,
  signature,
}

/** Step 9, client to server. */
export const completionRequestSchema = z.looseObject(keyExchange)
export type CompletionRequest = z.infer<typeof completionRequestSchema>

/** Step 9, server to client. */
export const completionSchema = z.looseObject({
  ...keyExchange,
  access_token: z.string().min(1),
  token_type: z.literal('Bearer'),
  expires_in: z.number().int(),
  session_id: z.string().min(1).max(128),
})
export type Completion = z.infer<typeof completionSchema>

/** A fresh access token within a living session, by proof of possession of the client's key (U9). */
export const tokenRefreshSchema = z.looseObject({
  type: z.literal('token_refresh'),
  session_id: z.string().min(1).max(128),
  nonce,
  timestamp: instant,
  signature,
})
export type TokenRefresh = z.infer<typeof tokenRefreshSchema>

export const refreshedTokenSchema = z.looseObject({
  type: z.literal('token_refreshed'),
  session_id: z.string(),
  access_token: z.string().min(1),
  token_type: z.literal('Bearer'),
  expires_in: z.number().int(),
})
export type RefreshedToken = z.infer<typeof refreshedTokenSchema>

/** The agent ends its session (extension): what `/ath/revoke` is to an agent without a client secret. */
export const sessionEndSchema = tokenRefreshSchema.extend({ type: z.literal('session_end') })
export type SessionEnd = z.infer<typeof sessionEndSchema>

/** Everything that `POST /ath/handshake` takes, told apart by `type`. */
export const clientMessageSchema = z.discriminatedUnion('type', [
  handshakeRequestSchema,
  identityProofSchema,
  scopeRequestSchema,
  completionRequestSchema,
  tokenRefreshSchema,
  sessionEndSchema,
])
export type ClientMessage = z.infer<typeof clientMessageSchema>
