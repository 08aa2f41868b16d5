import { z } from 'zod'
import { httpUrlSchema, providerIdSchema, scopesSchema } from './text.ts'

/** One service that agents may ask for (R10). `auth_mode` tells how the user's consent reaches it. */
export const providerEntrySchema = z.looseObject({
  provider_id: providerIdSchema,
  display_name: z.string(),
  categories: z.array(z.string()).optional(),
  available_scopes: scopesSchema,
  auth_mode: z.string(),
  agent_approval_required: z.boolean(),
})

/** Where the nine-step handshake is, and the key of who answers there (U3, U4). Absent where it is not offered. */
const nineStepMembers = {
  handshake_endpoint: httpUrlSchema.optional(),
  server_did: z.string().max(512).optional(),
  server_jwk: z.looseObject({ kty: z.string() }).optional(),
}

/** `GET /.well-known/ath.json` (R9, C21). */
export const discoverySchema = z.looseObject({
  ath_version: z.string(),
  gateway_id: z.string(),
  agent_registration_endpoint: httpUrlSchema,
  /** Where a token is renewed within the user's grant (extension). */
  token_renewal_endpoint: httpUrlSchema.optional(),
  supported_providers: z.array(providerEntrySchema),
  ...nineStepMembers,
})
export type Discovery = z.infer<typeof discoverySchema>

/** `GET /.well-known/ath-app.json`, native mode (R12, R13). */
export const serviceDiscoverySchema = z.looseObject({
  ath_version: z.string(),
  app_id: z.string(),
  name: z.string(),
  auth: z.looseObject({
    type: z.literal('oauth2'),
    authorization_endpoint: httpUrlSchema,
    token_endpoint: httpUrlSchema,
    scopes_supported: scopesSchema,
    registration_endpoint: httpUrlSchema.optional(),
    agent_attestation_required: z.boolean().default(true),
  }),
  api_base: httpUrlSchema,
  ...nineStepMembers,
})
export type ServiceDiscovery = z.infer<typeof serviceDiscoverySchema>
