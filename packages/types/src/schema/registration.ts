import { z } from 'zod'
import { developerSchema } from './identity-document.ts'
import { providerIdSchema, redirectUriSchema, scopesSchema, shownText } from './text.ts'

/** `POST /ath/agents/register` (R40). */
export const registrationRequestSchema = z.looseObject({
  agent_id: z.url().max(2048),
  agent_attestation: z.string().min(1).max(8192),
  developer: developerSchema,
  requested_providers: z
    .array(z.looseObject({ provider_id: providerIdSchema, scopes: scopesSchema }))
    .min(1)
    .max(50),
  purpose: shownText(1000).optional(),
  redirect_uris: z.array(redirectUriSchema).max(20).optional(),
})
export type RegistrationRequest = z.infer<typeof registrationRequestSchema>

export const agentStatusSchema = z.enum(['approved', 'pending', 'denied'])
export type AgentStatus = z.infer<typeof agentStatusSchema>

/** What the service approved of one provider (R42, R43). */
export const approvedProviderSchema = z.looseObject({
  provider_id: providerIdSchema,
  approved_scopes: scopesSchema,
  denied_scopes: scopesSchema,
  denial_reason: z.string().optional(),
})
export type ApprovedProvider = z.infer<typeof approvedProviderSchema>

/** The answer, with 201 whatever the decision (R42, R48, C22). */
export const registrationResponseSchema = z.looseObject({
  client_id: z.string().min(1),
  client_secret: z.string().min(1),
  agent_status: agentStatusSchema,
  approved_providers: z.array(approvedProviderSchema),
  /** RFC 3339. */
  approval_expires: z.string(),
})
export type RegistrationResponse = z.infer<typeof registrationResponseSchema>

/** `GET /ath/agents/{client_id}` (R51–R54, C20): the registration without its secret. */
export const agentRecordSchema = z.looseObject({
  client_id: z.string(),
  agent_id: z.string(),
  agent_status: agentStatusSchema,
  approved_providers: z.array(approvedProviderSchema),
  approval_expires: z.string(),
  registered_at: z.string(),
  developer: developerSchema,
  purpose: z.string().optional(),
})
export type AgentRecord = z.infer<typeof agentRecordSchema>

/** `POST /ath/agents/{client_id}/secret`: rotate the client secret (C13, extension). */
export const secretRotationRequestSchema = z.looseObject({
  agent_attestation: z.string().min(1).max(8192),
  /** How long the old secret still works. Default 0, at most a day. */
  overlap_seconds: z.number().int().min(0).max(86_400).optional(),
})
