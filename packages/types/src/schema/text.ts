import { z } from 'zod'

/** RFC 6749 §3.3: visible ASCII without quote and backslash. */
export const scopeSchema = z
  .string()
  .min(1)
  .max(128)
  .regex(
    /^[\x21\x23-\x5b\x5d-\x7e]+$/,
    'a scope is visible ASCII without quote and backslash (RFC 6749 §3.3)',
  )

export const scopesSchema = z.array(scopeSchema).max(100)

export const providerIdSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'letters, digits, dot, dash and underscore')

/** Text that people will read: no control or direction-changing characters that could make a page lie. */
export const shownText = (max: number) =>
  z
    .string()
    .max(max)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
    .regex(
      /^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*$/u,
      'no control or direction characters',
    )
