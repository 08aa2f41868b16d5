import { z } from 'zod'

const text = z.string().min(1)
const url = z.url()
const scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'is no scope')

/** `/.well-known/ath.json` (R9, R10). */
export const gatewaySchema = z.object({
  ath_version: text,
  gateway_id: text,
  agent_registration_endpoint: url,
  supported_providers: z.array(
    z.object({
      provider_id: text,
      display_name: text,
      categories: z.array(text).optional(),
      available_scopes: z.array(scope),
      auth_mode: text,
      agent_approval_required: z.boolean(),
    }),
  ),
})

/** `/.well-known/ath-app.json` (R12, R13). */
export const appSchema = z.object({
  ath_version: text,
  app_id: text,
  name: text,
  auth: z.object({
    type: z.literal('oauth2'),
    authorization_endpoint: url,
    token_endpoint: url,
    scopes_supported: z.array(scope),
    registration_endpoint: url.optional(),
    agent_attestation_required: z.boolean().optional(),
  }),
  api_base: url,
})

const approvedProvider = z.object({
  provider_id: text,
  approved_scopes: z.array(scope),
  denied_scopes: z.array(scope),
  denial_reason: text.optional(),
})

/** The answer to a registration (R42). */
export const registrationSchema = z.object({
  client_id: text,
  client_secret: text,
  agent_status: z.enum(['approved', 'pending', 'denied']),
  approved_providers: z.array(approvedProvider),
  approval_expires: z.iso.datetime({ offset: true }),
})

/** The answer to an authorization (R68). */
export const authorizationSchema = z.object({ authorization_url: url, ath_session_id: text })

/** The answer of the token endpoint (R86, R87). */
export const tokenSchema = z.object({
  access_token: text,
  token_type: z.literal('Bearer'),
  expires_in: z.int().positive(),
  effective_scopes: z.array(scope).min(1),
  provider_id: text,
  agent_id: text,
})

export const intersectionSchema = z.object({
  effective_scopes: z.array(scope).min(1),
  scope_intersection: z.object({
    agent_approved: z.array(scope),
    user_consented: z.array(scope),
    effective: z.array(scope),
  }),
})

/** The status of an agent (C20). */
export const statusSchema = z.object({
  client_id: text,
  agent_id: text,
  agent_status: z.enum(['approved', 'pending', 'denied']),
  approved_providers: z.array(approvedProvider),
  approval_expires: text,
})

/** The codes of ATH 0.1 and the status of each (R111, R112). */
export const statusOfCode: Readonly<Record<string, number>> = {
  INVALID_ATTESTATION: 401,
  AGENT_NOT_REGISTERED: 403,
  AGENT_UNAPPROVED: 403,
  PROVIDER_NOT_APPROVED: 403,
  SCOPE_NOT_APPROVED: 403,
  SESSION_NOT_FOUND: 400,
  SESSION_EXPIRED: 400,
  STATE_MISMATCH: 400,
  TOKEN_INVALID: 401,
  TOKEN_EXPIRED: 401,
  TOKEN_REVOKED: 401,
  AGENT_IDENTITY_MISMATCH: 403,
  PROVIDER_MISMATCH: 403,
  USER_DENIED: 403,
  OAUTH_ERROR: 502,
  INTERNAL_ERROR: 500,
}

/** An error (R111). */
export const errorSchema = z.object({
  code: text,
  message: text,
  details: z.looseObject({}).optional(),
})
