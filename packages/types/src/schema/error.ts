import { z } from 'zod'

/** The error body as any ATH 0.1 peer may send it (R111). `code` is open here: peers extend it. */
export const athErrorSchema = z.looseObject({
  code: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
  fix: z.string().optional(),
  retryable: z.boolean().optional(),
})
export type AthErrorBody = z.infer<typeof athErrorSchema>
