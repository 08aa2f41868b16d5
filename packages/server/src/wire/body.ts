import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import type { AthCall } from './http.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })
const json = 'application/json'
const form = 'application/x-www-form-urlencoded'

/**
 * Reads a request body as one flat or nested object (C14). Without a content type it is taken as JSON, and an empty
 * body as `{}`, so that the caller learns which field is missing rather than how bodies work.
 */
export function readBody(
  call: AthCall,
  accepted: readonly ('json' | 'form')[] = ['json'],
): Result<Record<string, unknown>, Failure> {
  const type = (call.headers['content-type'] ?? json).split(';', 1)[0]?.trim().toLowerCase() ?? ''
  let text: string
  try {
    text = utf8.decode(call.body)
  } catch {
    return malformed('the body is not UTF-8')
  }
  if (type === json || type.endsWith('+json')) return readJson(text)
  if (type === form && accepted.includes('form')) return readForm(text)
  return fail({ reason: 'media_type_unknown', got: type.slice(0, 100) })
}

function readJson(text: string): Result<Record<string, unknown>, Failure> {
  if (text.trim() === '') return ok({})
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return ok(value as Record<string, unknown>)
    return malformed('the body is not a JSON object')
  } catch {
    return malformed('the body is not JSON')
  }
}

function readForm(text: string): Result<Record<string, unknown>, Failure> {
  const fields: Record<string, unknown> = Object.create(null)
  for (const [name, value] of new URLSearchParams(text)) {
    // RFC 6749 §3.1: parameters are not repeated; of two values somebody would check one and use the other.
    if (name in fields) return malformed(`\`${name.slice(0, 50)}\` is sent twice`)
    fields[name] = value
  }
  return ok(fields)
}

const malformed = (problem: string): Result<never, Failure> =>
  fail({ reason: 'request_malformed', errors: [{ path: '', problem }] })
