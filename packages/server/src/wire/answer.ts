import type { AthAnswer } from './http.ts'

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

/** 303: after a form was posted the browser must go on with GET, and never post the form elsewhere (RFC 9700 §4.12). */
export function redirectAnswer(to: string, cookies: readonly string[] = []): AthAnswer {
  return {
    status: 303,
    headers: {
      location: to,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      ...(cookies.length > 0 ? { 'set-cookie': cookies } : {}),
    },
    body: '',
  }
}
