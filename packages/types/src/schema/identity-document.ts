import { z } from 'zod'
import { shownLine } from './text.ts'

const publishedKey = z.union([z.string().max(8192), z.record(z.string(), z.unknown())])

/** The developer behind an agent, as the agent says; nobody has vouched for it. */
export const developerSchema = z.looseObject({
  name: shownLine(200),
  id: shownLine(200),
  contact: shownLine(320).optional(),
})

/** What an agent publishes at its agent_id (R18, R19). `public_keys` is our extension for rotation (C3). */
export const identityDocumentSchema = z.looseObject({
  ath_version: z.string(),
  agent_id: z.string(),
  name: shownLine(200),
  developer: developerSchema,
  public_key: publishedKey,
  public_keys: z.array(publishedKey).max(10).optional(),
  capabilities: z.array(z.string().max(256)).max(100).optional(),
})
export type IdentityDocument = z.infer<typeof identityDocumentSchema>
