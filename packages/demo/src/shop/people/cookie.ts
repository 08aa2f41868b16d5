import type { CookieOptions, Request } from 'express'

/** Only this origin can set or read it, and only by secure transport or on this machine (RFC 6265bis §4.1.3.2). */
export const hostCookie: CookieOptions = {
  path: '/',
  secure: true,
  httpOnly: true,
  sameSite: 'lax',
}

export function readCookie(request: Request, name: `__Host-${string}`): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key = '', ...value] = pair.split('=')
    if (key.trim() === name) return value.join('=').trim()
  }
  return undefined
}
