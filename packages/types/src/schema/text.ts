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
    .regex(
      /^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]*$/u,
      'no control or direction characters',
    )

/** A name that people will read: as `shownText`, and on one line, so that it cannot pass for two. */
export const shownLine = (max: number) =>
  shownText(max)
    .regex(/^[^\t\n]*$/, 'one line without tabs')
    .regex(/\S/, 'not empty')

// URL parsers drop line breaks, trim blanks and encode the rest; this text goes on into headers as it is.
const urlSchema = z
  .string()
  .max(2048)
  .regex(/^[\x21-\x7e]+$/, 'visible ASCII only')
  .refine((text) => URL.canParse(text), 'not an absolute URL')

/** An http or https URL: what may be fetched, or opened in a browser. */
export const httpUrlSchema = urlSchema.refine(
  (text) => /^https?:\/\//i.test(text),
  'not an http or https URL',
)

/** An absolute URI without fragment, as RFC 8707 §2 wants of `resource`. */
export const resourceSchema = urlSchema.refine((text) => !text.includes('#'), 'has a fragment')

/**
 * The web, or a scheme with a dot, which is an app's own (RFC 8252 §7.1). Every other one belongs to the browser or to
 * another program of the machine.
 */
const ownable = /^(?:https?:\/\/|[a-z][a-z0-9+-]*\.[a-z0-9.+-]*:)/i

/** Where a browser may be sent back; no fragment (RFC 6749 §3.1.2). */
export const redirectUriSchema = resourceSchema.refine(
  (text) => ownable.test(text),
  'not a scheme that an app can own',
)
