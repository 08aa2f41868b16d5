import { z } from 'zod'
import {
  httpUrlSchema,
  providerIdSchema,
  redirectUriSchema,
  resourceSchema,
  scopesSchema,
} from './text.ts'

/** `POST /ath/authorize` (R55, C29). */
export const authorizationRequestSchema = z.looseObject({
  client_id: z.string().min(1).max(128),
  agent_attestation: z.string().min(1).max(8192),
  provider_id: providerIdSchema,
  scopes: scopesSchema.min(1),
  state: z.string().min(1).max(512),
  user_redirect_uri: redirectUriSchema.optional(),
  /** RFC 8707. */
  resource: resourceSchema.optional(),
})
export type AuthorizationRequest = z.infer<typeof authorizationRequestSchema>

/** R68. */
export const authorizationResponseSchema = z.looseObject({
  authorization_url: httpUrlSchema,
  ath_session_id: z.string().min(1),
})
export type AuthorizationResponse = z.infer<typeof authorizationResponseSchema>
