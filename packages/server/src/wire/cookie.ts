import type { AthCall } from './http.ts'

/** One cookie of a request. A name sent twice is taken as absent: somebody planted one of the two. */
export function readCookie(call: AthCall, name: string): string | undefined {
  const values = (call.headers['cookie'] ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
  return values.length === 1 ? values[0] : undefined
}

/** A cookie that only this origin can set or read, by the rules of the `__Host-` prefix (RFC 6265bis §4.1.3.2). */
export function hostCookie(name: `__Host-${string}`, value: string, maxAgeSeconds: number): string {
  return `${name}=${value}; Max-Age=${maxAgeSeconds}; Path=/; Secure; HttpOnly; SameSite=Lax`
}
