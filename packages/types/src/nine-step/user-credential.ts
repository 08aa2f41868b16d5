import { z } from 'zod'
import { maxCredentialSeconds } from './credential.ts'
import { scopeSchema } from '../schema/text.ts'

const thumbprint = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'not an RFC 7638 SHA-256 thumbprint')

/** `POST /ath/credentials` (extension) with a credential that the person signed. */
export const lodgedCredentialSchema = z.looseObject({ credential: z.string().min(1).max(8192) })

/** `POST /ath/credentials` (extension) for one that the server shall sign in the person's place. `ttl` in seconds. */
export const wantedCredentialSchema = z.looseObject({
  client_did: z.string().min(1).max(512),
  client_thumbprint: thumbprint.optional(),
  /** PEM SPKI or a JWK as text, in place of its thumbprint. */
  client_pubkey: z.string().min(1).max(2048).optional(),
  scopes: z.array(scopeSchema).min(1).max(100),
  ttl: z.number().int().min(60).max(maxCredentialSeconds),
  one_time: z.boolean().optional(),
})
