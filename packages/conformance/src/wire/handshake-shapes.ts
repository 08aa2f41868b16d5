import { z } from 'zod'

const text = z.string().min(1)
const instant = z.int().positive()

/** Step 2. */
export const greetingSchema = z.object({
  type: z.literal('handshake_response'),
  handshake_id: text,
  server_did: text,
  server_pubkey: text,
  version: text,
  capabilities: z.array(text),
  nonce: text,
  signature: text,
  timestamp: instant,
})

/** Step 4 of an agent that is let in. */
export const identityResultSchema = z.object({
  type: z.literal('identity_result'),
  handshake_id: text,
  success: z.literal(true),
  metadata: z.object({
    scopes_supported: z.array(text),
    token_max_ttl: z.int().positive(),
    require_user_confirmation: z.boolean().optional(),
  }),
  timestamp: instant,
})

/** Step 8. */
export const scopeResultSchema = z.object({
  type: z.literal('scope_result'),
  handshake_id: text,
  scopes_granted: z.array(text),
  scopes_denied: z.array(z.object({ scope: text, reason: text })).optional(),
  ttl_granted: z.int(),
  restrictions: z.looseObject({}),
  timestamp: instant,
})

/** Step 9 of the server. */
export const completionSchema = z.object({
  type: z.literal('handshake_complete'),
  handshake_id: text,
  key_exchange_alg: z.literal('ECDH-P256'),
  key_exchange_params: z.union([text, z.looseObject({})]),
  cipher_suite: z.literal('AES-256-GCM'),
  signature: text,
  access_token: text,
  token_type: z.literal('Bearer'),
  expires_in: z.int().positive(),
  session_id: text,
  timestamp: instant,
})
