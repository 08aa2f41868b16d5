import { isLoopbackHost } from '@ath-protocol/types'
import { AthError } from './ath-error.ts'

/** https, or http to this machine (R114). Throws `INSECURE_URL`. */
export function requireSecure(url: URL, what: string): URL {
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname)))
    return url
  throw new AthError('INSECURE_URL', {
    message: `${what} must be https: ${url.protocol}//${url.host}`,
  })
}

/** The base URL of a gateway or service, as attestations name it: one trailing slash is dropped (C4). */
export function readBaseUrl(text: string, what = 'gateway'): string {
  if (!URL.canParse(text))
    throw new AthError('ARGUMENT_INVALID', { message: `the ${what} must be an absolute URL` })
  const url = requireSecure(new URL(text), `the ${what}`)
  if (url.username || url.password || url.search || url.hash)
    throw new AthError('ARGUMENT_INVALID', {
      message: `the ${what} URL must have no credentials, query or fragment`,
    })
  return url.href.replace(/\/$/, '')
}
