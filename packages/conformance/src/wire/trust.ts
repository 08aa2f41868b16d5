import { rootCertificates } from 'node:tls'
import { Agent, fetch } from 'undici'

/** What a request needs of `fetch`. */
export type Fetch = (
  url: string,
  init: {
    readonly method: string
    readonly headers: Readonly<Record<string, string>>
    readonly redirect: 'manual'
    readonly signal: AbortSignal
    readonly body?: string
  },
) => Promise<Pick<Response, 'status' | 'headers' | 'text'>>

/** A `fetch` that trusts servers of this authority (PEM) besides the usual ones; nothing else in the process does. */
export function fetchTrusting(authority: string): Fetch {
  const dispatcher = new Agent({ connect: { ca: [...rootCertificates, authority] } })
  return (url, init) => fetch(url, { ...init, dispatcher })
}

const unknownAuthority = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

export const isUnknownAuthority = (cause: object): boolean =>
  'code' in cause && unknownAuthority.has(String(cause.code))
