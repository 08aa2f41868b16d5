import { fail, ok, type Result } from '@ath-protocol/types'
import { z } from 'zod'

/** Longer than any honest answer: a credential id has at most 1023 bytes, and attestation is not asked for. */
const longest = 16_384

const base64url = z.string().regex(/^[A-Za-z0-9_-]*$/)
const credential = {
  id: base64url.min(1).max(1364),
  rawId: base64url.min(1).max(1364),
  type: z.literal('public-key'),
  clientExtensionResults: z.strictObject({}),
}

const assertionSchema = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64url.min(1),
    authenticatorData: base64url.min(1),
    signature: base64url.min(1),
    userHandle: base64url.max(128).optional(),
  }),
})

const attestationSchema = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64url.min(1),
    attestationObject: base64url.min(1),
    transports: z.array(z.string().regex(/^[a-z-]{1,20}$/)).max(10),
  }),
})

/** What the script of our pages sends of `navigator.credentials.get` (WebAuthn §5.2.2). */
export const readAssertion = (text: string) => read(assertionSchema, text)

/** What it sends of `navigator.credentials.create` (§5.2.1). */
export const readAttestation = (text: string) => read(attestationSchema, text)

const clientDataSchema = z.looseObject({
  challenge: z.string(),
  crossOrigin: z.boolean().optional(),
})

/** The client data, and whether the page was its own frame: nobody frames our pages (§5.8.1). */
export function readClientData(
  encoded: string,
): Result<{ readonly challenge: string }, 'malformed'> {
  const data = read(clientDataSchema, Buffer.from(encoded, 'base64url').toString('utf8'))
  return data.ok && data.value.crossOrigin !== true ? data : fail('malformed')
}

function read<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
): Result<z.infer<Schema>, 'malformed'> {
  if (text.length > longest) return fail('malformed')
  try {
    const parsed = schema.safeParse(JSON.parse(text))
    return parsed.success ? ok(parsed.data) : fail('malformed')
  } catch {
    return fail('malformed')
  }
}
