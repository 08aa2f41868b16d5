import { ok, type Result } from '@ath-protocol/types'
import type { AthCall } from '../wire/http.ts'
import { type OAuthError, refuse } from './oauth-error.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Far more than any honest form. */
const maxBytes = 65_536

/** The fields of a posted form. */
export function readForm(call: AthCall): Result<URLSearchParams, OAuthError> {
  const type = call.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded')
    return refuse('invalid_request', 'send application/x-www-form-urlencoded')
  if (call.body.length > maxBytes) return refuse('invalid_request', 'the body is too long')
  try {
    return ok(new URLSearchParams(utf8.decode(call.body)))
  } catch {
    return refuse('invalid_request', 'the body is not UTF-8')
  }
}

/** The form of a request from a program: of two values somebody would check one and use the other (RFC 6749 §3.2). */
export function readOnce(call: AthCall): Result<URLSearchParams, OAuthError> {
  const form = readForm(call)
  if (!form.ok) return form
  const repeated = repeatedParameter(form.value)
  return repeated === undefined
    ? form
    : refuse('invalid_request', `\`${repeated}\` is sent more than once`)
}

/** Only `resource` may be repeated (RFC 8707 §2). */
export const repeatedParameter = (parameters: URLSearchParams): string | undefined =>
  [...parameters.keys()].find((name) => name !== 'resource' && parameters.getAll(name).length > 1)

/** Space-separated names, each once. */
export const readNames = (text: string | null): readonly string[] => [
  ...new Set((text ?? '').split(' ').filter((name) => name !== '')),
]
