import { z } from 'zod'
import { providerIdSchema, scopesSchema } from './text.ts'

/** `POST /ath/token` (R78). */
export const tokenRequestSchema = z.looseObject({
  grant_type: z.literal('authorization_code'),
  client_id: z.string().min(1).max(128),
  client_secret: z.string().min(1).max(256),
  agent_attestation: z.string().min(1).max(8192),
  code: z.string().min(1).max(512),
  ath_session_id: z.string().min(1).max(128),
})
export type TokenRequest = z.infer<typeof tokenRequestSchema>

/** `POST /ath/token/renew`: a fresh token within a living grant (extension, ADR 14). */
export const tokenRenewalRequestSchema = tokenRequestSchema
  .pick({ client_id: true, client_secret: true, agent_attestation: true })
  .extend({ token: z.string().min(1).max(512) })
export type TokenRenewalRequest = z.infer<typeof tokenRenewalRequestSchema>

/** R86, R87. `agent_approved` lists all that is approved for the provider (C26). */
export const tokenResponseSchema = z.looseObject({
  access_token: z.string().min(1),
  token_type: z.literal('Bearer'),
  expires_in: z.number().int(),
  effective_scopes: scopesSchema,
  provider_id: providerIdSchema,
  agent_id: z.string(),
  scope_intersection: z.looseObject({
    agent_approved: scopesSchema,
    user_consented: scopesSchema,
    effective: scopesSchema,
  }),
  /** Seconds that the user's grant lives; within them the token can be renewed (extension). */
  grant_expires_in: z.number().int().optional(),
})
export type TokenResponse = z.infer<typeof tokenResponseSchema>

/** `POST /ath/revoke` (R103). A session's token is longer than an opaque one. */
export const revocationRequestSchema = z.looseObject({
  token: z.string().min(1).max(8192),
  client_id: z.string().min(1).max(128).optional(),
  client_secret: z.string().min(1).max(256).optional(),
})
export type RevocationRequest = z.infer<typeof revocationRequestSchema>

export const revocationResponseSchema = z.looseObject({ message: z.string() })
