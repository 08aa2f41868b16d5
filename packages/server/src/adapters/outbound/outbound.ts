import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import { boundedFetch, type OutboundFetch } from '../../oauth/bounded-fetch.ts'
import { type IdentityDocuments } from '../../ports/identity-documents.ts'
import { Agent, fetch as undiciFetch } from 'undici'
import { createAddressRule } from './address-rule.ts'
import { createIdentityDocuments } from './identity-documents.ts'
import { resolveWithSystem, type ResolveName } from './resolve.ts'

export interface OutboundOptions {
  /** Networks (CIDR) in which identity documents may be fetched although they are not public. */
  readonly allowNetworks: readonly string[]
  /** Identity documents by http from loopback, development only. */
  readonly allowLoopbackHttp: boolean
  readonly connectTimeoutSeconds: number
  readonly readTimeoutSeconds: number
  /** PEM file with certificate authorities to trust besides the system's. */
  readonly caFile?: string
  /** How names become addresses; the system's resolver unless given. */
  readonly resolveName?: ResolveName
}

/** The control plane's way out. Neither part follows redirects or reads proxy settings from the environment. */
export interface Outbound {
  /** Guarded: the URLs come from agents. */
  readonly identityDocuments: IdentityDocuments
  /** For OAuth servers. The operator configured those, so they may be in private networks; answers are still bounded. */
  readonly fetch: OutboundFetch
  close(): Promise<void>
}

/** Those that Node trusts; before 22.15 it could only name its own, without those of `NODE_EXTRA_CA_CERTS`. */
const defaultAuthorities = (): readonly string[] =>
  (tls as Partial<Pick<typeof tls, 'getCACertificates'>>).getCACertificates?.('default') ??
  tls.rootCertificates

/** Throws for a network that is not CIDR and a CA file that cannot be read. */
export function createOutbound(options: OutboundOptions): Outbound {
  const { connectTimeoutSeconds, readTimeoutSeconds, allowLoopbackHttp } = options
  const ca = [
    ...defaultAuthorities(),
    ...(options.caFile === undefined ? [] : [readFileSync(options.caFile, 'utf8')]),
  ]
  const agent = new Agent({
    connect: {
      timeout: connectTimeoutSeconds * 1000,
      ca,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
    },
    connections: 16,
    headersTimeout: readTimeoutSeconds * 1000,
    bodyTimeout: readTimeoutSeconds * 1000,
  })
  const totalMilliseconds = (connectTimeoutSeconds + readTimeoutSeconds) * 1000
  return {
    identityDocuments: createIdentityDocuments({
      rule: createAddressRule(options.allowNetworks),
      resolveName: options.resolveName ?? resolveWithSystem,
      allowLoopbackHttp,
      connectTimeoutSeconds,
      readTimeoutSeconds,
      ca,
    }),
    fetch: boundedFetch((url, init) => {
      const headers = new Headers(init?.headers)
      if (!headers.has('accept-encoding')) headers.set('accept-encoding', 'identity')
      const total = AbortSignal.timeout(totalMilliseconds)
      const signal = init?.signal ? AbortSignal.any([init.signal, total]) : total
      // The platform's fetch types and undici's own name the same things differently.
      const request = { ...init, headers: [...headers], signal, dispatcher: agent }
      return undiciFetch(
        url,
        request as Parameters<typeof undiciFetch>[1],
      ) as unknown as Promise<Response>
    }),
    close: () => agent.destroy(),
  }
}
