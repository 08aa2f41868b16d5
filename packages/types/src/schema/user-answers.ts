import { z } from 'zod'
import { httpUrlSchema, scopeSchema, scopesSchema, shownLine } from './text.ts'

const instant = z.number().int().nonnegative()

/** A question that waits for a person, as their programs read it (extension). `message` is step 6, which an answer signs (U7). */
export const questionSchema = z.looseObject({
  id: z.string().min(1).max(128),
  /** What people and agents call it; opens nothing. */
  reference: z.string().max(128),
  message: z.string().max(65_536),
  page: httpUrlSchema,
  agent: z.looseObject({ name: z.string(), developer: z.string(), did: z.string().optional() }),
  words: z.string().optional(),
  scopes: z.array(
    z.looseObject({ scope: scopeSchema, description: z.string().optional(), risk: z.string() }),
  ),
  risk: z.string(),
  /** What an answer signed with a key alone would lack. */
  needs: z.enum(['passkey', 'page']).optional(),
  restrictions: z.array(z.looseObject({})),
  longest_seconds: z.number().int().nonnegative(),
  expires_at: instant,
})
export type Question = z.infer<typeof questionSchema>

/** `GET /ath/inbox` (extension). */
export const inboxSchema = z.looseObject({
  user_id: z.string(),
  user_did: z.string(),
  server_did: z.string(),
  requests: z.array(questionSchema).max(1000),
})
export type Inbox = z.infer<typeof inboxSchema>

/** Answer to step 7 sent by a person's program. */
export const decidedQuestionSchema = z.looseObject({
  request_id: z.string(),
  status: z.enum(['pending', 'approved', 'denied']),
  approved_scopes: scopesSchema,
  lifetime_seconds: z.number().int().nonnegative(),
})
export type DecidedQuestion = z.infer<typeof decidedQuestionSchema>

/** What a person allowed an agent ahead of time, as their programs read it (extension). */
export const keptCredentialSchema = z.looseObject({
  id: shownLine(256),
  status: z.enum(['live', 'used', 'expired', 'revoked']),
  client_did: z.string(),
  scopes: scopesSchema,
  one_time: z.boolean(),
  made_by: z.string(),
  expires_at: instant,
})
export type KeptCredential = z.infer<typeof keptCredentialSchema>

/** `GET /ath/credentials` (extension). */
export const keptCredentialsSchema = z.looseObject({ credentials: z.array(keptCredentialSchema) })
