import type { HeaderList } from '@ath-protocol/server'
import { parseCookie } from 'undici'

interface Kept {
  readonly name: string
  readonly value: string
  readonly path: string
  readonly secure: boolean
  /** Unix seconds; absent: as long as the log-in. */
  readonly expiresAt: number | undefined
}

/** The cookies that one upstream host set for us. */
export interface CookieJar {
  /** Takes the `set-cookie` fields of an answer to a request for `path`. */
  keep(headers: HeaderList, path: string, now: number): void
  /** The `cookie` value for `path`, or undefined when there is none to send. */
  cookiesFor(path: string, now: number): string | undefined
  clear(): void
}

/** A jar for one host, after RFC 6265 §5: path, domain, expiry and `Secure` are respected. At most 50 cookies are kept. */
export function createCookieJar(origin: URL): CookieJar {
  const kept = new Map<string, Kept>()
  return {
    keep(headers, path, now) {
      for (let index = 0; index < headers.length; index += 2) {
        if ((headers[index] as string).toLowerCase() !== 'set-cookie') continue
        const cookie = parseCookie(headers[index + 1] as string)
        if (!cookie || !belongs(cookie.domain, origin.hostname)) continue
        const cookiePath = cookie.path?.startsWith('/') ? cookie.path : defaultPath(path)
        const key = `${cookie.name};${cookiePath}`
        const expiresAt = expiry(cookie, now)
        if (expiresAt !== undefined && expiresAt <= now) kept.delete(key)
        else if (kept.size < 50 || kept.has(key))
          kept.set(key, {
            name: cookie.name,
            value: cookie.value,
            path: cookiePath,
            secure: cookie.secure === true,
            expiresAt,
          })
      }
    },
    cookiesFor(path, now) {
      const sent = [...kept.values()]
        .filter((cookie) => cookie.expiresAt === undefined || cookie.expiresAt > now)
        .filter((cookie) => !cookie.secure || origin.protocol === 'https:')
        .filter((cookie) => covers(cookie.path, path))
        // RFC 6265 §5.4: the more particular path first.
        .sort((one, other) => other.path.length - one.path.length)
      if (sent.length === 0) return undefined
      return sent.map(({ name, value }) => `${name}=${value}`).join('; ')
    },
    clear: () => kept.clear(),
  }
}

function expiry(
  cookie: { maxAge?: number; expires?: Date | number },
  now: number,
): number | undefined {
  if (cookie.maxAge !== undefined) return now + cookie.maxAge
  if (cookie.expires === undefined) return undefined
  const milliseconds = Number(cookie.expires)
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000
}

/** We speak to one host only; a cookie for another domain is not for us. */
function belongs(domain: string | undefined, host: string): boolean {
  if (!domain) return true
  const plain = domain.replace(/^\./, '').toLowerCase()
  return host === plain || host.endsWith(`.${plain}`)
}

/** RFC 6265 §5.1.4. */
function defaultPath(path: string): string {
  const directory = path.slice(0, path.lastIndexOf('/'))
  return directory === '' ? '/' : directory
}

function covers(cookiePath: string, path: string): boolean {
  if (!path.startsWith(cookiePath)) return false
  return (
    path.length === cookiePath.length || cookiePath.endsWith('/') || path[cookiePath.length] === '/'
  )
}
