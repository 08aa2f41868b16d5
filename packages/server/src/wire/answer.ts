import type { AthAnswer, AthCall } from './http.ts'

/** A JSON answer that nobody keeps. */
export function jsonAnswer(
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): AthAnswer {
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      ...headers,
    },
    body: JSON.stringify(body),
  }
}

/**
 * Sends the browser on. After a form was posted with 303: it must go on with GET, and never post the form elsewhere
 * (RFC 9700 §4.12). Else with 302, which is what clients of ATH 0.1 look for (C8, C19).
 */
export function redirectAnswer(
  { method }: Pick<AthCall, 'method'>,
  to: string,
  cookies: readonly string[] = [],
): AthAnswer {
  return {
    status: method === 'POST' ? 303 : 302,
    headers: {
      location: to,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      ...(cookies.length > 0 ? { 'set-cookie': cookies } : {}),
    },
    body: '',
  }
}

/** Discovery is public and may be read by any page (R15). */
export function publicJson(body: string): AthAnswer {
  const answer = jsonAnswer(
    200,
    {},
    { 'cache-control': 'public, max-age=60', 'access-control-allow-origin': '*' },
  )
  return { ...answer, body }
}
