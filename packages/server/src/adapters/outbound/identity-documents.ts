import { readAtMost } from '../../oauth/bounded-fetch.ts'
import { type FetchedDocument, type IdentityDocuments } from '../../ports/identity-documents.ts'
import { fail, isLoopbackHost, ok, type AttestationFault, type Result } from '@ath-protocol/types'
import { Client, type Dispatcher } from 'undici'
import { loopbackRule, type AddressRule } from './address-rule.ts'
import { readMaxAge } from './cache-control.ts'
import { pinnedLookup, resolveChecked, type ResolveName } from './resolve.ts'

/** Longer than any honest identity document. */
export const maxDocumentBytes = 64 * 1024

export interface IdentityDocumentsOptions {
  readonly rule: AddressRule
  readonly resolveName: ResolveName
  readonly allowLoopbackHttp: boolean
  readonly connectTimeoutSeconds: number
  readonly readTimeoutSeconds: number
  /** The certificate authorities that are trusted. */
  readonly ca: string[]
}

type Fault = { readonly ok: false; readonly error: AttestationFault }
const unavailable = (evidence: string): Fault => fail({ kind: 'document_unavailable', evidence })
const invalid = (evidence: string): Fault => fail({ kind: 'document_invalid', evidence })

/**
 * Fetches identity documents from wherever agents say they are, without being led anywhere else (R25, decision 7):
 * https with a verified certificate, addresses checked before and pinned for the connection, no redirects, no
 * compression, JSON of at most 64 KiB, and an end to waiting. One connection a fetch; nothing is shared between agents.
 */
export function createIdentityDocuments(options: IdentityDocumentsOptions): IdentityDocuments {
  const totalSeconds = options.connectTimeoutSeconds + options.readTimeoutSeconds
  return {
    async fetch(agentId) {
      const rule = ruleFor(agentId, options)
      if (!rule) return unavailable(`${agentId.protocol} is refused`)
      const deadline = AbortSignal.timeout(totalSeconds * 1000)
      let connection: Client | undefined
      try {
        const addresses = await beforeDeadline(
          resolveChecked(agentId, rule, options.resolveName),
          AbortSignal.any([deadline, AbortSignal.timeout(options.connectTimeoutSeconds * 1000)]),
        )
        if (!addresses.ok) return unavailable(addresses.error)
        connection = connect(agentId, addresses.value, options)
        const response = await connection.request({
          method: 'GET',
          path: agentId.pathname,
          headers: {
            accept: 'application/json',
            // A few compressed bytes may stand for gigabytes.
            'accept-encoding': 'identity',
            'user-agent': 'sallyport',
          },
          signal: deadline,
        })
        return await read(response)
      } catch (thrown) {
        return unavailable(describe(thrown))
      } finally {
        await connection?.destroy()
      }
    },
  }
}

function ruleFor(
  { protocol, hostname }: URL,
  { rule, allowLoopbackHttp }: IdentityDocumentsOptions,
): AddressRule | undefined {
  if (protocol === 'https:') return rule
  if (protocol === 'http:' && allowLoopbackHttp && isLoopbackHost(hostname)) return loopbackRule
  return undefined
}

function connect(
  agentId: URL,
  addresses: readonly string[],
  options: IdentityDocumentsOptions,
): Client {
  return new Client(agentId.origin, {
    connect: {
      lookup: pinnedLookup(addresses),
      timeout: options.connectTimeoutSeconds * 1000,
      ca: options.ca,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
    },
    allowH2: false,
    maxCachedSessions: 0,
    maxHeaderSize: 16 * 1024,
    headersTimeout: options.readTimeoutSeconds * 1000,
    bodyTimeout: options.readTimeoutSeconds * 1000,
  })
}

async function read(
  response: Dispatcher.ResponseData,
): Promise<Result<FetchedDocument, AttestationFault>> {
  const { statusCode, body } = response
  const header = (name: string) => [response.headers[name] ?? ''].flat().join(', ')
  // The connection is destroyed on every way out, and with it a body that nobody reads.
  body.on('error', () => {})
  if (statusCode >= 300 && statusCode < 400)
    return unavailable(`a redirect (${statusCode}) is not followed`)
  if (statusCode !== 200) return unavailable(`status ${statusCode}`)
  const mediaType = header('content-type').split(';')[0]?.trim().toLowerCase() ?? ''
  if (!/^application\/([\w.-]+\+)?json$/.test(mediaType))
    return invalid(`content type ${mediaType.slice(0, 100) || 'absent'}`)
  const encoding = header('content-encoding').trim().toLowerCase()
  if (encoding !== '' && encoding !== 'identity')
    return invalid(`content encoding ${encoding.slice(0, 100)}`)
  const bytes = await readAtMost(body, maxDocumentBytes)
  if (!bytes) return invalid(`longer than ${maxDocumentBytes} bytes`)
  const json = parse(bytes)
  if (json === undefined) return invalid('not JSON')
  const maxAgeSeconds = readMaxAge(header('cache-control'), header('age'))
  return ok({ json, ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }) })
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown
  } catch {
    return undefined
  }
}

/** A name server that never answers must not hold a caller for longer than a connection may take. */
function beforeDeadline<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  return Promise.race([work, aborted])
}

function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'the fetch failed'
  const code = 'code' in thrown && typeof thrown.code === 'string' ? `${thrown.code}: ` : ''
  return `${code}${thrown.message}`.slice(0, 300)
}
