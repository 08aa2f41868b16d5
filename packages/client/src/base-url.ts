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
export function readBaseUrl(text: string): string {
  if (!URL.canParse(text))
    throw new AthError('ARGUMENT_INVALID', { message: 'the gateway must be an absolute URL' })
  const url = requireSecure(new URL(text), 'the gateway')
  if (url.username || url.password || url.search || url.hash)
    throw new AthError('ARGUMENT_INVALID', {
      message: 'the gateway URL must have no credentials, query or fragment',
    })
  return url.href.replace(/\/$/, '')
}
